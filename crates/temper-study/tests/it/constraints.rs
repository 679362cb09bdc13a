//! Bounds on what a trial reports beside its goals.

use temper_core::{EarlyStopping, FailureKind, Job, Metrics, Reporter, Setup, State};
use temper_storage::MemoryStorage;
use temper_study::{Retries, Settings, Study, StudyError};

use crate::lab::Lab;
use crate::{Attempted, build, kinds, open, open_with, parabola, setup, trial};

fn bounded(trials: u64) -> Setup {
    Setup { constraints: vec!["latency_ms <= 50".parse().expect("it is one")], ..setup(trials) }
}

#[test]
fn what_comes_with_the_result_is_in_the_log_also_without_a_step() {
    let script = r#"
        echo '{"step": 1, "loss": 3, "latency_ms": 70}'
        echo '{"loss": 2, "latency_ms": 43}'
    "#;
    let history = Lab::sh(script).run_study(bounded(1));
    let first = trial(&history, 0);
    assert_eq!(first.state(), State::Completed, "{:?}", first.failures());
    assert_eq!(first.metric("latency_ms"), Some(43.0));
    assert_eq!(history.excesses(first), [Some(-7.0)]);
    assert_eq!(history.best(), Some(first));
}

#[test]
fn a_trial_that_leaves_a_constraint_open_has_failed_and_is_told_how_to_close_it() {
    let settings = Settings {
        retries: Retries { crashed: 0, preempted: 0, disk_full: 0 },
        ..Settings::default()
    };
    let study = open_with(bounded(1), MemoryStorage::new(), settings);
    study.run(&Attempted(parabola), 1).unwrap();
    let history = study.history();
    let first = trial(&history, 0);
    assert_eq!(kinds(first), [FailureKind::Crashed]);
    assert_eq!(
        first.failure().unwrap().message,
        "it ended without a report of `latency_ms`, which has to be known for \
         `latency_ms <= 50`: report it with the result, as in {\"loss\": 1.5, \"latency_ms\": 2.5}"
    );
}

#[test]
fn early_stopping_does_not_excuse_a_trial_that_leaves_a_constraint_open() {
    let watched = setup(1).goals[0].clone();
    let early_stopping = Some(EarlyStopping { patience: 2, min_delta: 0.0, watched });
    let study = open(Setup { early_stopping, ..bounded(2) }, MemoryStorage::new());
    let objective = |job: &Job, reporter: &mut dyn Reporter| {
        let metrics = match job.trial.0 {
            0 => Metrics::new(),
            _ => Metrics::from([("latency_ms".to_owned(), 60.0)]),
        };
        for step in 1..=3 {
            let _ = reporter.report(step, &[1.0], &metrics);
        }
        Ok(Vec::new())
    };
    study.run(&Attempted(objective), 1).unwrap();
    let history = study.history();
    let message = &trial(&history, 0).failure().expect("it never reported it").message;
    assert!(message.contains("without a report of `latency_ms`"), "{message}");
    assert_eq!(trial(&history, 1).state(), State::Completed);
    assert_eq!(history.best(), None, "60 is too much");
}

#[test]
fn a_constraint_on_a_goal_needs_no_report_besides() {
    let setup = Setup { constraints: vec!["loss <= 4".parse().unwrap()], ..setup(20) };
    let study = open(setup, MemoryStorage::new());
    study.run(&Attempted(parabola), 1).unwrap();
    let history = study.history();
    assert_eq!(history.in_state(State::Completed).count(), 20);
    let feasible = history.trials().iter().filter(|trial| history.is_feasible(trial)).count();
    assert!((1..20).contains(&feasible), "{feasible}");
    assert!(history.best().unwrap().loss().unwrap().get() <= 4.0);
}

#[test]
fn constraints_may_change_between_runs_but_not_under_a_run() {
    let storage = MemoryStorage::new();
    let first = open(setup(3), storage.clone());
    first.run(&Attempted(parabola), 1).unwrap();
    let setup = bounded(4);
    let strategy = build(&setup.strategy).unwrap();
    let settings = Settings::default();
    let second = Study::open(setup, strategy, None, Box::new(storage), settings).unwrap();
    assert_eq!(second.history().best(), None, "nothing was reported of it");
    let error = first.run(&Attempted(parabola), 1).unwrap_err();
    assert!(matches!(error, StudyError::Changed { .. }), "{error}");
}
