use temper_space::{RequireSpec, SpaceSpec};

use super::*;
use crate::{
    Config, Direction, Event, Goal, Lease, Loss, Metrics, Origin, Outcome, Setup, StrategySetup,
    TrialId, WorkerId,
};

/// A study that maximises `accuracy` under constraints, with one trial for each result and latency.
fn history(constraints: &[&str], results: &[(f64, Option<f64>)]) -> History {
    let goal = Goal { metric: "accuracy".into(), direction: Direction::Maximize };
    let mut history = History::new();
    history
        .apply(&Event::Opened(Setup {
            name: "test".into(),
            space: SpaceSpec::default(),
            require: RequireSpec::default(),
            goals: vec![goal.clone()],
            constraints: constraints.iter().map(|text| text.parse().unwrap()).collect(),
            seed: 0,
            strategy: StrategySetup { name: "random".into(), options: "{}".into() },
            pruner: None,
            early_stopping: None,
            max_steps: None,
            stages: Vec::new(),
            repeat: None,
            confirm: None,
            budget: Default::default(),
            trials: None,
        }))
        .unwrap();
    for (id, (accuracy, latency)) in (0..).zip(results) {
        let (trial, lease) = (TrialId(id), Lease(history.len()));
        let events = [
            Event::Started {
                trial,
                config: Config::new(),
                origin: Origin::Strategy,
                seen: history.len(),
                worker: WorkerId::new("a"),
                until: None,
                fork: None,
                note: None,
                stage: None,
            },
            Event::Finished {
                trial,
                lease,
                outcome: Outcome::Completed {
                    losses: vec![goal.loss(*accuracy).unwrap()],
                    metrics: latency
                        .map(|latency| ("latency".to_owned(), latency))
                        .into_iter()
                        .collect(),
                },
                seconds: 1.0,
                peak_memory: None,
            },
        ];
        events.iter().for_each(|event| history.apply(event).unwrap());
    }
    history
}

fn excesses(history: &History, trial: usize) -> Vec<Option<f64>> {
    history.excesses(&history.trials()[trial])
}

#[test]
fn the_best_trial_is_the_best_of_those_that_keep_every_constraint() {
    let results = [(0.95, Some(80.0)), (0.7, Some(10.0)), (0.9, Some(50.0)), (0.99, None)];
    let history = history(&["latency <= 50", "accuracy >= 0.75"], &results);
    assert_eq!(excesses(&history, 0), [Some(30.0), Some(0.75 - 0.95)]);
    assert_eq!(excesses(&history, 1), [Some(-40.0), Some(0.75 - 0.7)]);
    assert_eq!(excesses(&history, 3), [None, Some(0.75 - 0.99)]);
    assert_eq!(history.best().map(Trial::id), Some(TrialId(2)));
}

#[test]
fn without_a_feasible_trial_there_is_no_best_one_and_without_constraints_all_are_feasible() {
    let results = [(0.9, Some(80.0)), (0.8, None)];
    assert_eq!(history(&["latency <= 50"], &results).best(), None);
    let free = history(&[], &results);
    assert_eq!(free.best().map(Trial::id), Some(TrialId(0)));
    assert_eq!(excesses(&free, 1), []);
}

#[test]
fn the_last_value_that_was_reported_counts() {
    let mut history = history(&["latency <= 50"], &[]);
    let lease = Lease(history.len());
    let (trial, worker) = (TrialId(0), WorkerId::new("a"));
    let report = |step, metrics: &[(&str, f64)]| Event::Reported {
        trial,
        lease,
        step,
        losses: vec![Loss::new(1.0).unwrap()],
        metrics: metrics.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
    };
    let events = [
        Event::Started {
            trial,
            config: Config::new(),
            origin: Origin::Strategy,
            seen: 1,
            worker,
            until: None,
            fork: None,
            note: None,
            stage: None,
        },
        report(1, &[("latency", 40.0)]),
        report(2, &[("latency", 60.0)]),
        report(3, &[("tokens", 5.0)]),
    ];
    events.iter().for_each(|event| history.apply(event).unwrap());
    assert_eq!(excesses(&history, 0), [Some(10.0)]);
    let metrics = Metrics::from([("latency".to_owned(), 45.0)]);
    let outcome = Outcome::Completed { losses: vec![Loss::new(1.0).unwrap()], metrics };
    history
        .apply(&Event::Finished { trial, lease, outcome, seconds: 1.0, peak_memory: None })
        .unwrap();
    assert_eq!(excesses(&history, 0), [Some(-5.0)]);
    assert!(history.is_feasible(&history.trials()[0]));
}
