use temper_core::{
    BudgetSetup, CostSetup, Goal, Measure, StageSetup, StrategySetup, WorkerId, stream,
};

use super::super::Stages;
use super::*;
use crate::thrift::thrift;

const SPACE: &str = r#"{"x": {"type": "float", "low": 0, "high": 1}}"#;

fn stage(name: &str, steps: i64, space: &str) -> StageSetup {
    StageSetup {
        name: name.into(),
        trials: Some(4),
        strategy: StrategySetup { name: "random".into(), options: "{}".into() },
        space: serde_json::from_str(space).unwrap(),
        around: None,
        settings: [("max_steps".to_owned(), steps.into())].into_iter().collect(),
    }
}

/// Four trials of 10 steps and as many of 30 in the lower half, which together may take 100 seconds.
fn setup() -> Setup {
    let lower = r#"{"x": {"low": 0, "high": 0.5}}"#;
    let costs = Some(CostSetup { measure: Measure::Seconds, limit: Some(100.0) });
    Setup {
        name: "test".into(),
        space: serde_json::from_str(SPACE).unwrap(),
        require: Default::default(),
        goals: vec![Goal { metric: "loss".into(), direction: Default::default() }],
        constraints: Vec::new(),
        seed: 7,
        strategy: StrategySetup { name: "random".into(), options: "{}".into() },
        pruner: None,
        early_stopping: None,
        max_steps: Some(20),
        stages: vec![stage("coarse", 10, "{}"), stage("fine", 30, lower)],
        repeat: Some(2),
        confirm: None,
        budget: BudgetSetup { costs, until_converged: None },
        trials: Some(8),
    }
}

/// A study of that setup, as its events come.
struct Log {
    history: History,
    stages: Stages,
}

impl Log {
    fn add(&mut self, event: &Event) {
        self.history.apply(event).unwrap();
        self.stages.tell(event);
    }

    /// Adds a trial that takes so many seconds and completes, unless it was observed; the lower `x`,
    /// the worse.
    fn trial(&mut self, x: f64, origin: Origin, stage: Option<u32>, seconds: f64) {
        let trial = TrialId(self.history.trials().len() as u64);
        let lease = Lease(self.history.len());
        let config = Config::from_iter([("x".to_owned(), x.into())]);
        let (seen, worker) = (lease.0, WorkerId::new("a"));
        let (until, fork, note) = (None, None, None);
        self.add(&Event::Started { trial, config, origin, seen, worker, until, fork, note, stage });
        let outcome = match origin {
            Origin::Observed => Outcome::Pruned,
            _ => Outcome::completed(vec![Loss::new(1.0 - x).unwrap()]),
        };
        self.add(&Event::Finished { trial, lease, outcome, seconds, peak_memory: None });
    }

    /// What the stage sees that is asked next.
    fn ask(&mut self) -> &View {
        let space = Space::new(&setup().space, &Default::default()).unwrap();
        self.stages.ask(&space, &self.history, &mut stream(7, 0)).unwrap();
        self.stages.view.as_ref().expect("a stage was asked")
    }
}

#[test]
fn a_stage_sees_its_share_of_what_is_left_and_its_own_last_step() {
    let Setup { stages, .. } = setup();
    let stages = Stages { stages, log: Vec::new(), view: None };
    let mut log = Log { history: History::new(), stages };
    let seconds = |view: &View| Measure::Seconds.spent(&view.history);
    let last_step = |view: &View| view.history.setup().unwrap().max_steps;
    log.add(&Event::Opened(setup()));
    // Another study has paid for it.
    log.trial(0.5, Origin::Observed, None, 500.0);
    let view = log.ask();
    // 40 of 160 steps.
    assert_eq!((view.lens.limit, seconds(view), last_step(view)), (Some(25.0), 0.0, Some(10)));
    for x in [0.1, 0.2, 0.3, 0.9] {
        log.trial(x, Origin::Strategy, Some(0), 4.0);
    }
    log.trial(0.3, Origin::Repeat { of: TrialId(3), seed: 1 }, Some(0), 4.0);
    // The best so far at the new fidelity, which lies in the upper half and is not seen.
    log.trial(0.9, Origin::Strategy, Some(1), 12.0);
    log.trial(0.3, Origin::Strategy, Some(1), 12.0);
    let view = log.ask();
    // Three trials of four in the first stage are seen, and the repeat is seen as one.
    assert_eq!(view.seen.len(), 5, "{:?}", view.seen);
    // 16 seconds of the trials before and 12 of the one that is not seen are gone.
    assert_eq!((view.lens.limit, last_step(view)), (Some(72.0), Some(30)));
    assert_eq!(seconds(view), 16.0);
    let left = 72.0 - 16.0;
    // Three more trials with their repeats take 72 seconds.
    let thrifty = thrift(&view.history);
    assert!((thrifty - left / 72.0 * (1.0 - left / 72.0)).abs() < 1e-12, "{thrifty}");
    assert_eq!(100.0 - Measure::Seconds.spent(&log.history), left);
}
