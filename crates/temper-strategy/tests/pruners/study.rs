//! A study without a runner, as the study's workers run it: it proposes, reports, judges and ends.

use rand::RngExt;
use temper_core::{
    Direction, Event, Failure, FailureKind, Goal, History, Intake, Judgement, Lease, Loss, Metrics,
    Next, Origin, Outcome, Pruner, Rng, Setup, State, Step, Strategy, StrategySetup, Trial,
    TrialId, Verdict, WorkerId, judge, propose, stream,
};
use temper_space::Space;

use crate::curve::{Curve, Fate};

/// A pruner and its options.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) options: &'static str,
}

impl Case {
    pub(crate) fn build(self) -> Box<dyn Pruner> {
        let options = serde_json::from_str(self.options).unwrap();
        temper_strategy::build_pruner(self.name, &options)
            .unwrap_or_else(|e| panic!("{self:?}: {e}"))
    }
}

/// What is simulated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct World {
    pub(crate) curve: Curve,
    pub(crate) fate: Fate,
    pub(crate) goals: usize,
    pub(crate) direction: Direction,
    pub(crate) workers: usize,
    pub(crate) trials: u64,
    /// What the study knows of a trial's last step, which is [`LAST`].
    pub(crate) max_steps: Option<Step>,
    pub(crate) seed: u64,
}

/// The last step of a trial.
pub(crate) const LAST: Step = 27;
/// More than any study needs: each trial reports each step at most four times.
const TURNS: usize = 10_000;

/// A log in the making.
pub(crate) struct Study {
    pub(crate) world: World,
    pub(crate) pruner: Box<dyn Pruner>,
    pub(crate) space: Space,
    pub(crate) history: History,
    pub(crate) events: Vec<Event>,
    strategy: Box<dyn Strategy>,
    luck: Rng,
}

/// Looks on while a study runs.
pub(crate) trait Witness {
    /// A report was judged.
    fn judged(&mut self, _study: &Study, _trial: TrialId, _step: Step, _judgement: &Judgement) {}
    /// Something was proposed.
    fn proposed(&mut self, _study: &Study, _next: &Next) {}
}

impl Study {
    pub(crate) fn new(case: Case, world: World) -> Self {
        let space = r#"{"x": {"type": "float", "low": 0, "high": 1}}"#;
        let spec = serde_json::from_str(space).unwrap();
        let goal = |index| Goal { metric: format!("metric{index}"), direction: world.direction };
        let mut study = Self {
            world,
            pruner: case.build(),
            space: Space::new(&spec, &Default::default()).unwrap(),
            history: History::new(),
            events: Vec::new(),
            strategy: temper_strategy::build("random", &Default::default()).unwrap(),
            luck: stream(world.seed, 1 << 40),
        };
        let setup = |name: &str, options: &str| StrategySetup {
            name: name.into(),
            options: options.into(),
        };
        study.add(Event::Opened(Setup {
            name: "study".into(),
            space: spec,
            require: Default::default(),
            goals: (0..world.goals).map(goal).collect(),
            constraints: Vec::new(),
            seed: world.seed,
            strategy: setup("random", "{}"),
            pruner: Some(setup(case.name, case.options)),
            early_stopping: None,
            max_steps: world.max_steps,
            stages: Vec::new(),
            repeat: None,
            confirm: None,
            budget: Default::default(),
            trials: Some(world.trials),
        }));
        study
    }

    /// Goes on until nothing is left to do. Fails if everybody waits for nobody.
    pub(crate) fn run(&mut self, witness: &mut dyn Witness) {
        for _ in 0..TURNS {
            let running: Vec<_> = self.history.in_state(State::Running).map(Trial::id).collect();
            let found = running.len() < self.world.workers && self.begin(witness);
            match running.is_empty() {
                _ if found => {}
                true => return,
                false => {
                    let trial = running[self.luck.random_range(0..running.len())];
                    self.advance(trial, witness);
                }
            }
        }
        panic!("{:?} never ends", self.world);
    }

    /// Begins what a free worker finds to do; false if that is nothing.
    fn begin(&mut self, witness: &mut dyn Witness) -> bool {
        let waiting = self.history.in_state(State::Waiting).next();
        if let Some((trial, until)) = waiting.map(|trial| (trial.id(), trial.until())) {
            self.go_on(trial, None, until, None);
            return true;
        }
        let next = self.ask();
        witness.proposed(self, &next);
        match next {
            Next::Start { .. } if self.history.intake() == Intake::Closed => false,
            Next::Start { config, until, fork, note, stage } => {
                let trial = TrialId(self.history.trials().len() as u64);
                let (seen, worker, origin) =
                    (self.history.len(), WorkerId::new("test"), Origin::Strategy);
                self.add(Event::Started {
                    trial,
                    config,
                    origin,
                    seen,
                    worker,
                    until,
                    fork,
                    note,
                    stage,
                });
                true
            }
            Next::Resume { trial, until, note } => {
                self.go_on(trial, Some(self.history.len()), until, note);
                true
            }
            Next::Repeat { .. } => panic!("nothing is repeated"),
            Next::Wait | Next::Done => false,
        }
    }

    pub(crate) fn ask(&mut self) -> Next {
        let mut rng = stream(self.world.seed, self.history.proposals());
        let pruner = Some(&*self.pruner);
        propose(
            &mut *self.strategy,
            pruner,
            self.history.intake(),
            &self.space,
            &self.history,
            &mut rng,
        )
        .unwrap()
    }

    fn go_on(
        &mut self,
        trial: TrialId,
        seen: Option<u64>,
        until: Option<Step>,
        note: Option<String>,
    ) {
        let worker = WorkerId::new("test");
        self.add(Event::Continued { trial, seen, worker, until, note });
    }

    /// One more report of a trial, or its end.
    fn advance(&mut self, id: TrialId, witness: &mut dyn Witness) {
        let trial = self.history.trial(id).unwrap();
        let (attempts, reports) = (trial.failures().len(), trial.reports().len());
        let last = trial.reports().last().map_or(0, |report| report.step);
        let end = match self.world.fate {
            Fate::Short => 1 + id.0 * 7 % LAST,
            Fate::Leaping => Step::MAX,
            _ => LAST,
        };
        let is_unlucky = |share| id.0 % share == 1 && reports >= 3 && attempts == 0;
        match self.world.fate {
            Fate::Failing if is_unlucky(3) => return self.fail(id, false),
            Fate::Preempted if is_unlucky(2) => return self.fail(id, true),
            _ if last >= end => return self.complete(id),
            _ => {}
        }
        let stride = match self.world.fate {
            Fate::Uneven => self.luck.random_range(1..6),
            _ => 1,
        };
        // Who was preempted goes on from a checkpoint before its last report, once.
        let is_back = attempts > 0 && !self.has_reported_again(id);
        let next = last.saturating_add(stride).min(end);
        let step = match self.world.fate {
            Fate::Leaping => [0, 1, Step::MAX][reports.min(2)],
            _ if is_back => last.saturating_sub(2).max(1),
            _ => next,
        };
        let lease = self.lease(id);
        let losses = self.losses(id, step);
        self.add(Event::Reported { trial: id, lease, step, losses, metrics: Metrics::new() });
        let judgement = judge(Some(&*self.pruner), id, step, &self.history);
        witness.judged(self, id, step, &judgement);
        let Judgement { verdict, reason } = judgement;
        if verdict != Verdict::Continue {
            self.add(Event::Judged { trial: id, lease, step, verdict, reason });
        }
        match verdict {
            Verdict::Continue => {}
            Verdict::Pause => self.finish(id, Outcome::Paused),
            Verdict::Stop => self.finish(id, Outcome::Pruned),
            Verdict::Complete => self.complete(id),
        }
    }

    fn has_reported_again(&self, id: TrialId) -> bool {
        let lease = self.lease(id);
        self.events.iter().any(|event| match event {
            Event::Reported { trial, lease: of, .. } => *trial == id && *of == lease,
            _ => false,
        })
    }

    fn losses(&self, id: TrialId, step: Step) -> Vec<Loss> {
        let value = |goal| self.world.curve.at(self.world.seed + goal, id.0, step);
        let goals = &self.history.setup().unwrap().goals;
        (0..).zip(goals).map(|(index, goal)| goal.loss(value(index)).unwrap()).collect()
    }

    fn complete(&mut self, id: TrialId) {
        let losses = self.history.trial(id).unwrap().losses().to_vec();
        self.finish(id, Outcome::completed(losses));
    }

    fn fail(&mut self, id: TrialId, retry: bool) {
        let kind = if retry { FailureKind::Preempted } else { FailureKind::Crashed };
        self.finish(id, Outcome::Failed { failure: Failure::new(kind, "bad luck"), retry });
    }

    fn finish(&mut self, trial: TrialId, outcome: Outcome) {
        let lease = self.lease(trial);
        self.add(Event::Finished { trial, lease, outcome, seconds: 1.0, peak_memory: None });
    }

    fn lease(&self, trial: TrialId) -> Lease {
        self.history.trial(trial).unwrap().attempts().last().unwrap().lease
    }

    fn add(&mut self, event: Event) {
        self.history.apply(&event).unwrap();
        self.strategy.tell(&event);
        self.events.push(event);
    }

    /// What the pruner says of paused trials now.
    pub(crate) fn promotions(&self) -> [Option<temper_core::Promotion>; 2] {
        [Intake::Open, Intake::Closed].map(|intake| self.pruner.promote(&self.history, intake))
    }
}
