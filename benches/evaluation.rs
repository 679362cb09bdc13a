//! A study in memory whose trials answer the items of an evaluation, one worker, without a runner.

use temper_core::{
    Config, Direction, Event, Goal, History, Judgement, Lease, Metrics, Next, Origin, Outcome,
    Pruner, Setup, State, Step, Strategy, StrategySetup, Trial, TrialId, Verdict, WorkerId, judge,
    propose, stream,
};
use temper_space::Space;

const SPACE: &str = r#"{
    "temperature": {"type": "float", "low": 0, "high": 1},
    "top_p": {"type": "float", "low": 0, "high": 1},
    "examples": {"type": "int", "low": 0, "high": 3}
}"#;

/// What each item scores under a configuration.
type Scores<'a> = &'a dyn Fn(&Config) -> Vec<f64>;

/// What came of a study.
pub(crate) struct Found {
    /// How many items were answered.
    pub(crate) asked: u64,
    /// The mean of all items: of the winner, and of the best of the configurations that were tried.
    pub(crate) winner: f64,
    pub(crate) best: f64,
}

/// A study under way.
pub(crate) struct Evaluation<'a> {
    space: Space,
    history: History,
    strategy: Box<dyn Strategy>,
    pruner: Option<Box<dyn Pruner>>,
    scores: Scores<'a>,
    seed: u64,
    asked: u64,
}

impl<'a> Evaluation<'a> {
    /// A study of so many trials, from its beginning to its end.
    pub(crate) fn run(
        strategy: &str,
        pruner: (&str, &str),
        trials: u64,
        items: Step,
        seed: u64,
        scores: Scores<'a>,
    ) -> Found {
        let mut study = Self::new(strategy, pruner, trials, items, seed, scores);
        while let Some(trial) = study.begin() {
            study.answer(trial);
        }
        let mean = |trial: &Trial| {
            let scores = scores(trial.config());
            scores.iter().sum::<f64>() / scores.len() as f64
        };
        let winner = mean(study.history.best().expect("one came to its end"));
        let best = study.history.trials().iter().map(mean).fold(f64::NEG_INFINITY, f64::max);
        Found { asked: study.asked, winner, best }
    }

    fn new(
        strategy: &str,
        (pruner, options): (&str, &str),
        trials: u64,
        items: Step,
        seed: u64,
        scores: Scores<'a>,
    ) -> Self {
        let spec = serde_json::from_str(SPACE).expect("the space is JSON");
        let build = || {
            let options = serde_json::from_str(options).expect("the options are JSON");
            temper_strategy::build_pruner(pruner, &options).expect("it exists")
        };
        let mut study = Self {
            space: Space::new(&spec, &Default::default()).expect("the space is valid"),
            history: History::new(),
            strategy: temper_strategy::build(strategy, &Default::default()).expect("it exists"),
            pruner: (pruner != "none").then(build),
            scores,
            seed,
            asked: 0,
        };
        study.add(&Event::Opened(Setup {
            name: "bench".to_owned(),
            space: spec,
            require: Default::default(),
            goals: vec![goal()],
            constraints: Vec::new(),
            seed,
            strategy: StrategySetup { name: strategy.to_owned(), options: "{}".to_owned() },
            pruner: None,
            early_stopping: None,
            max_steps: Some(items),
            stages: Vec::new(),
            repeat: None,
            confirm: None,
            budget: Default::default(),
            trials: Some(trials),
        }));
        study
    }

    /// The trial that answers next, if one does.
    fn begin(&mut self) -> Option<TrialId> {
        let mut rng = stream(self.seed, self.history.proposals());
        let next = propose(
            &mut *self.strategy,
            self.pruner.as_deref(),
            self.history.intake(),
            &self.space,
            &self.history,
            &mut rng,
        );
        let (seen, worker) = (self.history.len(), WorkerId::new("bench"));
        match next.expect("nothing is required") {
            Next::Start { config, until, fork, note, stage } => {
                let trial = TrialId(self.history.trials().len() as u64);
                let origin = Origin::Strategy;
                self.add(&Event::Started {
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
                Some(trial)
            }
            Next::Resume { trial, until, note } => {
                self.add(&Event::Continued { trial, seen: Some(seen), worker, until, note });
                Some(trial)
            }
            Next::Done => None,
            next => panic!("{next:?}"),
        }
    }

    /// The trial answers items until it pauses or ends.
    fn answer(&mut self, id: TrialId) {
        let trial = self.history.trial(id).expect("it has begun");
        let (scores, lease) = ((self.scores)(trial.config()), Lease(self.history.len() - 1));
        let mut step = trial.last_step();
        while (step as usize) < scores.len() {
            step += 1;
            self.asked += 1;
            let (score, sum) =
                (scores[step as usize - 1], scores[..step as usize].iter().sum::<f64>());
            let losses = vec![goal().loss(sum / step as f64).expect("it is finite")];
            let metrics = Metrics::from([("item_accuracy".to_owned(), score)]);
            self.add(&Event::Reported { trial: id, lease, step, losses, metrics });
            let Judgement { verdict, reason } =
                judge(self.pruner.as_deref(), id, step, &self.history);
            let outcome = match verdict {
                Verdict::Continue => continue,
                Verdict::Pause => Outcome::Paused,
                Verdict::Stop => Outcome::Pruned,
                Verdict::Complete => break,
            };
            self.add(&Event::Judged { trial: id, lease, step, verdict, reason });
            return self.finish(id, lease, outcome);
        }
        let losses = self.history.trial(id).expect("it has begun").losses().to_vec();
        self.finish(id, lease, Outcome::completed(losses));
    }

    fn finish(&mut self, trial: TrialId, lease: Lease, outcome: Outcome) {
        self.add(&Event::Finished { trial, lease, outcome, seconds: 1.0, peak_memory: None });
        debug_assert!(self.history.in_state(State::Running).next().is_none());
    }

    fn add(&mut self, event: &Event) {
        self.history.apply(event).expect("the events follow from one another");
        self.strategy.tell(event);
    }
}

fn goal() -> Goal {
    Goal { metric: "accuracy".to_owned(), direction: Direction::Maximize }
}
