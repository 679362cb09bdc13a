//! A study without a runner: it asks, evaluates and tells.

use rand::RngExt;
use temper_core::{
    Config, Direction, Event, Failure, FailureKind, Goal, History, Loss, Next, Origin, Outcome,
    Setup, State, Strategy, StrategySetup, Trial, TrialId, WorkerId, stream,
};
use temper_space::Space;

/// What a configuration comes to: one loss per goal.
pub(crate) type Verdict = Result<Vec<f64>, FailureKind>;

/// A log in the making.
pub(crate) struct Study {
    pub(crate) space: Space,
    pub(crate) history: History,
    pub(crate) events: Vec<Event>,
    pub(crate) strategy: Box<dyn Strategy>,
    pub(crate) seed: u64,
}

impl Study {
    pub(crate) fn new(strategy: &str, options: &str, space: &str, seed: u64) -> Self {
        Self::with_goals(&["loss"], strategy, options, space, seed)
    }

    pub(crate) fn with_goals(
        metrics: &[&str],
        strategy: &str,
        options: &str,
        space: &str,
        seed: u64,
    ) -> Self {
        Self::open(Setup {
            name: "study".into(),
            space: serde_json::from_str(space).unwrap(),
            require: Default::default(),
            goals: metrics.iter().copied().map(goal).collect(),
            seed,
            strategy: StrategySetup { name: strategy.into(), options: options.into() },
            pruner: None,
            early_stopping: None,
            max_steps: None,
            stages: Vec::new(),
            repeat: None,
            confirm: None,
            budget: Default::default(),
            trials: None,
            constraints: Vec::new(),
        })
    }

    pub(crate) fn open(setup: Setup) -> Self {
        let mut study = Self {
            space: Space::new(&setup.space, &Default::default()).unwrap(),
            history: History::new(),
            events: Vec::new(),
            strategy: temper_strategy::build_for(&setup).unwrap(),
            seed: setup.seed,
        };
        study.add(Event::Opened(setup));
        study
    }

    pub(crate) fn add(&mut self, event: Event) {
        self.history.apply(&event).unwrap();
        self.strategy.tell(&event);
        self.events.push(event);
    }

    pub(crate) fn ask(&mut self) -> Next {
        let mut rng = stream(self.seed, self.history.proposals());
        self.strategy.ask(&self.space, &self.history, &mut rng).unwrap()
    }

    /// Starts what was asked for, with its note.
    pub(crate) fn follow(&mut self, next: Next) {
        let Next::Start { config, note, .. } = next else { panic!("{next:?}") };
        self.begin(config, Origin::Strategy, note);
    }

    pub(crate) fn start(&mut self, config: Config, origin: Origin) -> TrialId {
        self.begin(config, origin, None)
    }

    fn begin(&mut self, config: Config, origin: Origin, note: Option<String>) -> TrialId {
        let trial = TrialId(self.history.trials().len() as u64);
        let (seen, worker) = (self.history.len(), WorkerId::new("test"));
        self.add(Event::Started {
            trial,
            config,
            origin,
            seen,
            worker,
            until: None,
            fork: None,
            note,
            stage: None,
        });
        trial
    }

    pub(crate) fn finish(&mut self, trial: TrialId, verdict: Verdict) {
        let lease = self.history.trial(trial).unwrap().attempts().last().unwrap().lease;
        let outcome = match verdict {
            Ok(losses) => {
                let losses = losses.into_iter().map(|loss| Loss::new(loss).unwrap()).collect();
                Outcome::completed(losses)
            }
            Err(kind) => Outcome::Failed { failure: Failure::new(kind, "failed"), retry: false },
        };
        self.add(Event::Finished { trial, lease, outcome, seconds: 1.0, peak_memory: None });
    }

    /// Goes on until so many trials have been started and all have ended. `workers` of them run
    /// at once, and end in an order of chance.
    pub(crate) fn run(
        &mut self,
        trials: usize,
        workers: usize,
        objective: impl Fn(&Config) -> Verdict,
    ) {
        let mut luck = stream(self.seed + 1000, 0);
        loop {
            let running: Vec<_> = self.history.in_state(State::Running).map(Trial::id).collect();
            let is_full = running.len() == workers || self.history.trials().len() >= trials;
            match if is_full { Next::Wait } else { self.ask() } {
                Next::Start { config, .. } => drop(self.start(config, Origin::Strategy)),
                Next::Resume { .. } => panic!("nothing is paused"),
                Next::Repeat { .. } => panic!("no strategy repeats trials"),
                Next::Wait | Next::Done if running.is_empty() => break,
                Next::Wait | Next::Done => {
                    let trial = running[luck.random_range(0..running.len())];
                    let verdict = objective(self.history.trial(trial).unwrap().config());
                    self.finish(trial, verdict);
                }
            }
        }
    }

    /// Goes on until so many trials have ended, one after the other, or the search has: `objective`
    /// gives the loss and what is reported beside it under that name.
    pub(crate) fn run_beside(
        &mut self,
        name: &str,
        trials: usize,
        objective: impl Fn(&Config) -> (f64, f64),
    ) {
        while self.history.trials().len() < trials {
            let next = self.ask();
            if next == Next::Done {
                break;
            }
            let Next::Start { config, .. } = next else { panic!("{next:?}") };
            let (loss, beside) = objective(&config);
            let trial = self.start(config, Origin::Strategy);
            let lease = self.history.trial(trial).unwrap().attempts()[0].lease;
            let outcome = Outcome::Completed {
                losses: vec![Loss::new(loss).unwrap()],
                metrics: [(name.to_owned(), beside)].into(),
            };
            self.add(Event::Finished { trial, lease, outcome, seconds: 1.0, peak_memory: None });
        }
    }

    pub(crate) fn best(&self) -> f64 {
        self.history.best().map_or(f64::INFINITY, |trial| trial.loss().unwrap().get())
    }

    pub(crate) fn configs(&self) -> impl Iterator<Item = &Config> {
        self.history.trials().iter().map(Trial::config)
    }
}

fn goal(metric: &str) -> Goal {
    Goal { metric: metric.into(), direction: Direction::Minimize }
}
