//! Histories for tests: trials that all run and have reported.

use temper_core::{
    Config, Direction, Event, Goal, History, Lease, Metrics, Origin, Outcome, Setup, Step,
    StrategySetup, TrialId, WorkerId,
};

/// Trials with these values at steps 1, 2, ...
pub(crate) fn history(direction: Direction, curves: &[&[f64]]) -> History {
    let reports: Vec<Vec<_>> =
        curves.iter().map(|curve| (1..).zip(curve.iter().copied()).collect()).collect();
    let reports: Vec<_> = reports.iter().map(Vec::as_slice).collect();
    history_of(direction, &reports)
}

/// Trials whose items score this: the goal is the mean so far, and the item is reported beside it.
pub(crate) fn means(direction: Direction, trials: &[&[f64]]) -> History {
    let mean = |scores: &[f64]| scores.iter().sum::<f64>() / scores.len() as f64;
    let report = |scores: &[f64], count: usize| {
        let item = Metrics::from([("item_score".to_owned(), scores[count - 1])]);
        (count as Step, mean(&scores[..count]), item)
    };
    let reports = |scores: &&[f64]| (1..=scores.len()).map(|it| report(scores, it)).collect();
    reported(direction, &trials.iter().map(reports).collect::<Vec<_>>())
}

/// Trials with these values at these steps; the goal's metric is `score`.
pub(super) fn history_of(direction: Direction, curves: &[&[(Step, f64)]]) -> History {
    let half = |value: f64| Metrics::from([("half".to_owned(), value / 2.0)]);
    let reports = |curve: &&[(Step, f64)]| {
        curve.iter().map(|(step, value)| (*step, *value, half(*value))).collect()
    };
    reported(direction, &curves.iter().map(reports).collect::<Vec<_>>())
}

/// Trials with these values at these steps, and what is reported beside them.
fn reported(direction: Direction, trials: &[Vec<(Step, f64, Metrics)>]) -> History {
    let goal = Goal { metric: "score".into(), direction };
    let mut history = opened(&goal, None);
    for (id, reports) in (0..).zip(trials) {
        let (trial, lease) = (TrialId(id), Lease(history.len()));
        let (config, origin, seen) = (Config::default(), Origin::Strategy, history.len());
        let (worker, until, fork, note) = (WorkerId::new("a"), None, None, None);
        let started =
            Event::Started { trial, config, origin, seen, worker, until, fork, note, stage: None };
        history.apply(&started).unwrap();
        for (step, value, metrics) in reports {
            let (step, losses) = (*step, vec![goal.loss(*value).unwrap()]);
            let metrics = metrics.clone();
            history.apply(&Event::Reported { trial, lease, step, losses, metrics }).unwrap();
        }
    }
    history
}

/// A study of one goal and no parameters, without trials.
pub(crate) fn opened(goal: &Goal, max_steps: Option<Step>) -> History {
    let mut history = History::new();
    let setup = Setup {
        name: "curves".into(),
        space: serde_json::from_str("{}").unwrap(),
        require: Default::default(),
        goals: vec![goal.clone()],
        constraints: Vec::new(),
        seed: 0,
        strategy: StrategySetup { name: "random".into(), options: "{}".into() },
        pruner: None,
        early_stopping: None,
        max_steps,
        stages: Vec::new(),
        repeat: None,
        confirm: None,
        budget: Default::default(),
        trials: None,
    };
    history.apply(&Event::Opened(setup)).unwrap();
    history
}

/// Ends a trial with what it reported last.
pub(super) fn complete(history: &mut History, id: u64) {
    let trial = history.trial(TrialId(id)).unwrap();
    let lease = trial.attempts().last().unwrap().lease;
    let (trial, outcome) = (trial.id(), Outcome::completed(trial.losses().to_vec()));
    let finished = Event::Finished { trial, lease, outcome, seconds: 1.0, peak_memory: None };
    history.apply(&finished).unwrap();
}
