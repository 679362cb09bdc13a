use temper_core::{
    BudgetSetup, Config, Event, Goal, Lease, Loss, Measure, Origin, Outcome, Setup, StrategySetup,
    TrialId, WorkerId,
};

use super::*;

/// A study of that many trials that may cost `limit` seconds, after some of 10 seconds each.
fn after(ended: u64, trials: Option<u64>, limit: Option<f64>) -> f64 {
    let mut history = History::new();
    let costs = Some(CostSetup { measure: Measure::Seconds, limit });
    let setup = Setup {
        name: "test".into(),
        space: Default::default(),
        require: Default::default(),
        goals: vec![Goal { metric: "loss".into(), direction: Default::default() }],
        constraints: Vec::new(),
        seed: 7,
        strategy: StrategySetup { name: "bayes".into(), options: "{}".into() },
        pruner: None,
        early_stopping: None,
        max_steps: None,
        stages: Vec::new(),
        repeat: None,
        confirm: None,
        budget: BudgetSetup { costs, until_converged: None },
        trials,
    };
    history.apply(&Event::Opened(setup)).unwrap();
    for trial in (0..ended).map(TrialId) {
        let lease = Lease(history.len());
        let started = Event::Started {
            trial,
            config: Config::new(),
            origin: Origin::Strategy,
            seen: 0,
            worker: WorkerId::new("a"),
            until: None,
            fork: None,
            note: None,
            stage: None,
        };
        let outcome = Outcome::completed(vec![Loss::new(1.0).unwrap()]);
        let ended = Event::Finished { trial, lease, outcome, seconds: 10.0, peak_memory: None };
        history.apply(&started).unwrap();
        history.apply(&ended).unwrap();
    }
    thrift(&history)
}

#[test]
fn thrift_is_the_part_of_the_budget_that_is_left() {
    assert_eq!(after(0, None, Some(100.0)), 1.0);
    assert_eq!(after(3, None, Some(100.0)), 0.7);
    assert_eq!(after(12, None, Some(100.0)), 0.0);
    // Without a limit of costs it is that of the trials; without any, there is always all of it.
    assert_eq!(after(3, Some(10), None), 0.7);
    assert_eq!(after(3, None, None), 1.0);
}

#[test]
fn where_the_budget_suffices_for_all_trials_cost_does_not_count() {
    assert_eq!(after(3, Some(10), Some(100.0)), 0.0);
    assert_eq!(after(3, Some(5), Some(100.0)), 0.0);
    // 70 are left, and 17 more trials would cost 170.
    let partly = after(3, Some(20), Some(100.0));
    assert!((partly - 0.7 * (1.0 - 70.0 / 170.0)).abs() < 1e-12, "{partly}");
    assert_eq!(after(10, Some(10), Some(90.0)), 0.0);
}
