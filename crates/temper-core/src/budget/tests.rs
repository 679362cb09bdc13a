use crate::{
    BudgetSetup, Config, CostSetup, Event, Failure, FailureKind, Fork, Goal, History, Lease, Loss,
    Measure, Metrics, Origin, Outcome, Setup, StrategySetup, TrialId, WorkerId,
};

fn opened() -> History {
    let mut history = History::new();
    let setup = Setup {
        name: "test".into(),
        space: Default::default(),
        require: Default::default(),
        goals: vec![Goal { metric: "loss".into(), direction: Default::default() }],
        constraints: Vec::new(),
        seed: 7,
        strategy: StrategySetup { name: "random".into(), options: "{}".into() },
        pruner: None,
        early_stopping: None,
        max_steps: Some(100),
        stages: Vec::new(),
        repeat: None,
        confirm: None,
        budget: Default::default(),
        trials: None,
    };
    history.apply(&Event::Opened(setup)).unwrap();
    history
}

fn started(trial: TrialId, origin: Origin, fork: Option<Fork>) -> Event {
    Event::Started {
        trial,
        config: Config::new(),
        origin,
        seen: 0,
        worker: WorkerId::new("a"),
        until: None,
        fork,
        note: None,
        stage: None,
    }
}

/// Adds a trial of 8 seconds that reports `dollars` at step 25 and ends like that.
fn add(history: &mut History, origin: Origin, outcome: Outcome) {
    let trial = TrialId(history.trials().len() as u64);
    let lease = Lease(history.len());
    let started = started(trial, origin, None);
    let losses = vec![Loss::new(1.0).unwrap()];
    let metrics = Metrics::from([("dollars".to_owned(), 3.0)]);
    let reported = Event::Reported { trial, lease, step: 25, losses, metrics };
    let ended = Event::Finished { trial, lease, outcome, seconds: 8.0, peak_memory: None };
    for event in [started, reported, ended] {
        history.apply(&event).unwrap();
    }
}

#[test]
fn the_cost_of_a_trial_cut_short_is_scaled_and_that_of_a_failure_is_unknown() {
    let mut history = opened();
    let completed = Outcome::completed(vec![Loss::new(1.0).unwrap()]);
    let failure = Failure::new(FailureKind::OutOfMemory, "no room");
    add(&mut history, Origin::Strategy, completed.clone());
    add(&mut history, Origin::Strategy, Outcome::Pruned);
    add(&mut history, Origin::Strategy, Outcome::Failed { failure, retry: false });
    add(&mut history, Origin::Observed, completed);
    let whole = |measure: &Measure| {
        let trials = history.trials().iter();
        trials.map(|trial| measure.whole(trial, &history)).collect::<Vec<_>>()
    };
    assert_eq!(whole(&Measure::Seconds), [Some(8.0), Some(32.0), None, None]);
    let dollars = Measure::Metric("dollars".into());
    assert_eq!(whole(&dollars), [Some(3.0), Some(12.0), None, None]);
    assert_eq!(whole(&Measure::Metric("euros".into())), [None; 4]);
    // All but the last were paid for by this study.
    assert_eq!((Measure::Seconds.spent(&history), dollars.spent(&history)), (24.0, 9.0));
}

#[test]
fn a_fork_costs_what_it_adds_to_the_count_and_never_less_than_nothing() {
    let mut history = opened();
    let dollars = Measure::Metric("dollars".into());
    // The first trial comes to 3; one copy counts on from there, the other begins anew.
    add(&mut history, Origin::Strategy, Outcome::Paused);
    for total in [5.0, 1.0] {
        let trial = TrialId(history.trials().len() as u64);
        let lease = Lease(history.len());
        let metrics = Metrics::from([("dollars".to_owned(), total)]);
        let losses = vec![Loss::new(1.0).unwrap()];
        history.apply(&started(trial, Origin::Strategy, Some(Fork::of(TrialId(0))))).unwrap();
        history.apply(&Event::Reported { trial, lease, step: 50, losses, metrics }).unwrap();
    }
    let spent = |trial| dollars.spent_by(history.trial(TrialId(trial)).unwrap(), &history);
    assert_eq!([0, 1, 2].map(spent), [3.0, 2.0, 0.0]);
    assert_eq!(dollars.spent(&history), 5.0);
}

#[test]
fn a_log_without_a_budget_reads_as_before_and_one_with_it_comes_back() {
    let Some(setup) = opened().setup().cloned() else { panic!("it was opened") };
    let text = serde_json::to_string(&setup).unwrap();
    assert!(!text.contains("budget"), "{text}");
    let measure = Measure::Metric("dollars".into());
    let costs = Some(CostSetup { measure, limit: Some(20.0) });
    let setup = Setup { budget: BudgetSetup { costs, until_converged: Some(5) }, ..setup };
    let text = serde_json::to_string(&setup).unwrap();
    assert_eq!(serde_json::from_str::<Setup>(&text).unwrap(), setup, "{text}");
}
