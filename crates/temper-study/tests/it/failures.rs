//! Trials that fail, and how often they are tried again.

use std::sync::Mutex;

use temper_core::{Direction, FailureKind, Halt, Job, Reporter, State};
use temper_storage::MemoryStorage;
use temper_study::{Retries, Settings};

use crate::{
    Attempted, failure, kinds, no_metrics, open, open_with, parabola, setup, states, trial,
};

#[test]
fn a_trial_that_crashed_once_is_tried_again_with_the_same_seed_and_configuration() {
    let jobs = Mutex::new(Vec::new());
    let study = open(setup(2), MemoryStorage::new());
    let objective = Attempted(|job: &Job, _: &mut dyn Reporter| {
        jobs.lock().unwrap().push(job.clone());
        if job.trial.0 == 0 && job.attempt == 1 {
            return Err(failure(FailureKind::Crashed));
        }
        Ok(vec![1.0])
    });
    study.run(&objective, 1).unwrap();
    let jobs = jobs.into_inner().unwrap();
    assert_eq!(jobs.len(), 3);
    let again = Job { attempt: 2, ..jobs[0].clone() };
    assert_eq!(jobs[1], again, "it comes before new trials");
    let history = study.history();
    assert_eq!(states(&history), [State::Completed; 2]);
    assert_eq!(kinds(trial(&history, 0)), [FailureKind::Crashed]);
    assert_eq!(trial(&history, 0).failure(), None);
}

#[test]
fn retries_are_bounded_by_kind() {
    let settings = Settings {
        retries: Retries { preempted: 3, crashed: 2, disk_full: 0 },
        ..Settings::default()
    };
    for (kind, attempts) in [
        (FailureKind::Crashed, 3),
        (FailureKind::Preempted, 4),
        (FailureKind::OutOfMemory, 1),
        (FailureKind::Diverged, 1),
        (FailureKind::Timeout, 1),
    ] {
        let study = open_with(setup(1), MemoryStorage::new(), settings.clone());
        let objective = Attempted(|_: &Job, _: &mut dyn Reporter| Err(failure(kind)));
        study.run(&objective, 2).unwrap();
        let history = study.history();
        let trial = trial(&history, 0);
        assert_eq!(trial.state(), State::Failed);
        assert_eq!(kinds(trial), vec![kind; attempts], "{kind}");
        assert_eq!(trial.attempts().len(), attempts, "{kind}");
        assert_eq!(trial.failure().unwrap().kind, kind);
    }
}

#[test]
fn one_kind_of_failure_does_not_use_up_the_retries_of_another() {
    let study = open(setup(1), MemoryStorage::new());
    let objective = Attempted(|job: &Job, _: &mut dyn Reporter| match job.attempt {
        1 | 3 => Err(failure(FailureKind::Preempted)),
        2 => Err(failure(FailureKind::Crashed)),
        _ => Ok(vec![1.0]),
    });
    study.run(&objective, 1).unwrap();
    assert_eq!(states(&study.history()), [State::Completed]);
}

#[test]
fn a_value_that_is_not_finite_is_a_divergence_whether_reported_or_returned() {
    for direction in [Direction::Minimize, Direction::Maximize] {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let mut setup = setup(2);
            setup.goals[0].direction = direction;
            let study = open(setup, MemoryStorage::new());
            let objective = Attempted(|job: &Job, reporter: &mut dyn Reporter| {
                if job.trial.0 == 0 {
                    return Ok(vec![value]);
                }
                let told = reporter.report(4, &[value], &no_metrics());
                assert_eq!(told.break_value(), Some(Halt::Stop));
                Ok(vec![1.0])
            });
            study.run(&objective, 1).unwrap();
            let history = study.history();
            assert_eq!(states(&history), [State::Failed; 2], "{value}");
            for trial in history.trials() {
                assert_eq!(kinds(trial), [FailureKind::Diverged], "{value}");
                assert!(trial.reports().is_empty());
            }
            let message = &trial(&history, 1).failure().unwrap().message;
            assert_eq!(*message, format!("`loss` was {value} at step 4"));
        }
    }
}

#[test]
fn a_panic_in_the_objective_costs_its_trial_only() {
    let study = open(setup(4), MemoryStorage::new());
    let objective = Attempted(|job: &Job, reporter: &mut dyn Reporter| {
        assert!(job.trial.0 != 1, "trial {} is cursed", job.trial);
        if job.trial.0 == 2 {
            let _ = reporter.report(1, &[1.0], &no_metrics());
            std::panic::panic_any(3);
        }
        parabola(job, reporter)
    });
    study.run(&objective, 2).unwrap();
    let history = study.history();
    let (ok, failed) = (State::Completed, State::Failed);
    assert_eq!(states(&history), [ok, failed, failed, ok]);
    let crash = trial(&history, 1).failure().unwrap();
    assert_eq!(crash.kind, FailureKind::Crashed);
    assert_eq!(crash.message, "the objective panicked: trial 1 is cursed");
    assert_eq!(trial(&history, 1).attempts().len(), 2);
}

#[test]
fn an_objective_without_a_report_or_with_too_many_values_has_crashed() {
    let study = open(setup(2), MemoryStorage::new());
    let objective = Attempted(|job: &Job, _: &mut dyn Reporter| {
        Ok(vec![1.0; if job.trial.0 == 0 { 0 } else { 2 }])
    });
    study.run(&objective, 1).unwrap();
    let history = study.history();
    for (id, message) in [(0, "it ended without a report"), (1, "2 values for 1 goals")] {
        let failure = trial(&history, id).failure().unwrap();
        assert_eq!(failure.kind, FailureKind::Crashed);
        assert_eq!(failure.message, message);
    }
}
