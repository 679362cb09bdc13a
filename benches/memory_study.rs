//! A study in memory, without a runner: its log, and the strategy that has seen it.

use temper_core::{
    BudgetSetup, Config, Direction, Event, Failure, FailureKind, Goal, History, Loss, Next, Origin,
    Outcome, Setup, Strategy, StrategySetup, TrialId, WorkerId, draw, stream,
};
use temper_space::Space;

/// A log in memory, and the strategy that has seen it.
pub(crate) struct MemoryStudy {
    space: Space,
    history: History,
    strategy: Box<dyn Strategy>,
    seed: u64,
}

impl MemoryStudy {
    /// An empty study of a space in JSON, by the strategy of that name.
    pub(crate) fn new(strategy: &str, space: &str, budget: BudgetSetup, seed: u64) -> Self {
        let spec = serde_json::from_str(space).expect("the space is JSON");
        let mut study = Self {
            space: Space::new(&spec, &Default::default()).expect("the space is valid"),
            history: History::new(),
            strategy: temper_strategy::build(strategy, &Default::default()).expect("it exists"),
            seed,
        };
        study.add(&Event::Opened(Setup {
            name: "bench".to_owned(),
            space: spec,
            require: Default::default(),
            goals: vec![Goal { metric: "loss".to_owned(), direction: Direction::Minimize }],
            constraints: Vec::new(),
            seed,
            strategy: StrategySetup { name: strategy.to_owned(), options: "{}".to_owned() },
            pruner: None,
            early_stopping: None,
            max_steps: None,
            stages: Vec::new(),
            repeat: None,
            confirm: None,
            budget,
            trials: None,
        }));
        study
    }

    /// How many trials there are.
    pub(crate) fn trials(&self) -> u64 {
        self.history.trials().len() as u64
    }

    /// The configuration number `index` of a fixed sequence of random ones.
    pub(crate) fn random(&self, index: u64) -> Config {
        draw(&self.space, &mut stream(!self.seed, index)).expect("nothing is required")
    }

    /// What the strategy wants to try next.
    pub(crate) fn ask(&mut self) -> Config {
        let mut rng = stream(self.seed, self.history.proposals());
        match self.strategy.ask(&self.space, &self.history, &mut rng) {
            Ok(Next::Start { config, .. }) => config,
            next => panic!("{next:?}"),
        }
    }

    /// Records a trial of the configuration, which ended like that after some seconds.
    pub(crate) fn record(
        &mut self,
        config: Config,
        result: Result<f64, FailureKind>,
        seconds: f64,
    ) {
        let trial = TrialId(self.trials());
        let (seen, worker, origin) = (self.history.len(), WorkerId::new("bench"), Origin::Strategy);
        let (until, fork, note) = (None, None, None);
        self.add(&Event::Started {
            trial,
            config,
            origin,
            seen,
            worker,
            until,
            fork,
            note,
            stage: None,
        });
        let lease = self.history.trials()[trial.0 as usize].attempts()[0].lease;
        let outcome = match result {
            Ok(loss) => Outcome::completed(vec![Loss::new(loss).expect("the loss is finite")]),
            Err(kind) => Outcome::Failed { failure: Failure::new(kind, "failed"), retry: false },
        };
        self.add(&Event::Finished { trial, lease, outcome, seconds, peak_memory: None });
    }

    fn add(&mut self, event: &Event) {
        self.history.apply(event).expect("the events follow from one another");
        self.strategy.tell(event);
    }
}
