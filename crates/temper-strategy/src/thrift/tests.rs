use temper_core::{
    BudgetSetup, Config, Event, Goal, Lease, Loss, Measure, Origin, Outcome, Setup, StrategySetup,
    TrialId, WorkerId,
};

use super::*;

/// A study of that many trials that may cost `limit` seconds.
fn study(trials: Option<u64>, limit: Option<f64>, repeat: Option<u32>) -> History {
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
        max_steps: Some(100),
        stages: Vec::new(),
        repeat,
        confirm: None,
        budget: BudgetSetup { costs, until_converged: None },
        trials,
    };
    history.apply(&Event::Opened(setup)).unwrap();
    history
}

/// Adds a trial of so many seconds that reports step 10 and ends like that.
fn add(history: &mut History, origin: Origin, seconds: f64, outcome: Outcome) {
    let trial = TrialId(history.trials().len() as u64);
    let lease = Lease(history.len());
    let started = Event::Started {
        trial,
        config: Config::new(),
        origin,
        seen: 0,
        worker: WorkerId::new("a"),
        until: None,
        fork: None,
        note: None,
        stage: None,
    };
    let (losses, metrics) = (vec![Loss::new(1.0).unwrap()], Default::default());
    let reported = Event::Reported { trial, lease, step: 10, losses, metrics };
    let ended = Event::Finished { trial, lease, outcome, seconds, peak_memory: None };
    [started, reported, ended].iter().for_each(|event| history.apply(event).unwrap());
}

fn completed() -> Outcome {
    Outcome::completed(vec![Loss::new(1.0).unwrap()])
}

/// The thrift of such a study after some trials of 10 seconds each.
fn after(ended: u64, trials: Option<u64>, limit: Option<f64>) -> f64 {
    let mut history = study(trials, limit, None);
    (0..ended).for_each(|_| add(&mut history, Origin::Strategy, 10.0, completed()));
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

#[test]
fn trials_to_come_are_repeated_if_they_complete() {
    let mut history = study(Some(4), Some(100.0), Some(3));
    add(&mut history, Origin::Strategy, 10.0, completed());
    for seed in [1, 2] {
        add(&mut history, Origin::Repeat { of: TrialId(0), seed }, 10.0, completed());
    }
    // 70 are left, and three configurations cost 90 with their repeats.
    let thrifty = thrift(&history);
    assert!((thrifty - 0.7 * (1.0 - 70.0 / 90.0)).abs() < 1e-12, "{thrifty}");
    // One of two completes: 60 are left, and two more cost 40.
    add(&mut history, Origin::Strategy, 10.0, Outcome::Pruned);
    assert_eq!(thrift(&history), 0.0);
}

#[test]
fn trials_to_come_are_cut_short_as_those_before_were() {
    let mut history = study(Some(20), Some(200.0), None);
    add(&mut history, Origin::Strategy, 40.0, completed());
    // To their ends they would have cost 40 each.
    (0..3).for_each(|_| add(&mut history, Origin::Strategy, 4.0, Outcome::Pruned));
    add(&mut history, Origin::Strategy, 4.0, Outcome::Paused);
    // 144 are left, and the other 15 trials cost 168 at the average of 56 / 5.
    let thrifty = thrift(&history);
    assert!((thrifty - 144.0 / 200.0 * (1.0 - 144.0 / 168.0)).abs() < 1e-12, "{thrifty}");
}

#[test]
fn what_was_observed_elsewhere_is_not_paid_for() {
    let mut history = study(None, Some(100.0), None);
    add(&mut history, Origin::Observed, 500.0, completed());
    add(&mut history, Origin::Strategy, 30.0, completed());
    assert_eq!(thrift(&history), 0.7);
}
