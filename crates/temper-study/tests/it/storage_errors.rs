//! A log that can't be written.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use temper_core::{Event, Halt, Job, Outcome, Reporter, State, TrialId};
use temper_study::StudyError;

use crate::{
    Attempted, DEADLINE, Faulty, history_of, no_metrics, open_hasty, parabola, setup, states, trial,
};

/// A storage that takes no report of trial 2 while the switch is on.
fn deaf_to_trial_2() -> (Faulty, Arc<AtomicBool>) {
    let broken = Arc::new(AtomicBool::new(true));
    let switch = Arc::clone(&broken);
    let storage = Faulty::new(move |event| {
        let wanted = matches!(event, Event::Reported { trial: TrialId(2), .. });
        wanted && switch.load(Ordering::Relaxed)
    });
    (storage, broken)
}

fn reporting(job: &Job, reporter: &mut dyn Reporter) -> Result<Vec<f64>, temper_core::Failure> {
    if let Some(halt) = reporter.report(1, &[1.0], &no_metrics()).break_value() {
        assert_eq!(halt, Halt::Interrupt);
    }
    parabola(job, reporter)
}

#[test]
fn a_report_that_cannot_be_written_ends_the_run_and_costs_no_finished_trial() {
    let (storage, broken) = deaf_to_trial_2();
    let study = open_hasty(setup(5), storage.clone());
    let error = study.run(&Attempted(reporting), 1).unwrap_err();
    assert_eq!(error.to_string(), "storage `test`: the disk is gone");
    let before = history_of(&mut storage.clone());
    assert_eq!(states(&before)[..2], [State::Completed; 2]);

    broken.store(false, Ordering::Relaxed);
    let study = open_hasty(setup(5), storage);
    study.run(&Attempted(reporting), 2).unwrap();
    let history = study.history();
    assert_eq!(states(&history), [State::Completed; 5]);
    for id in 0..2 {
        assert_eq!(trial(&history, id), trial(&before, id));
    }
}

#[test]
fn a_study_whose_storage_has_recovered_runs_on() {
    for workers in [1, 3] {
        let (storage, broken) = deaf_to_trial_2();
        let study = open_hasty(setup(5), storage);
        study.run(&Attempted(reporting), workers).unwrap_err();
        broken.store(false, Ordering::Relaxed);
        study.run(&Attempted(reporting), workers).unwrap();
        assert_eq!(states(&study.history()), [State::Completed; 5]);
    }
}

#[test]
fn a_result_that_cannot_be_recorded_is_told_in_the_error() {
    let storage = Faulty::new(|event| {
        let completed = |outcome: &Outcome| matches!(outcome, Outcome::Completed { .. });
        matches!(event, Event::Finished { trial: TrialId(1), outcome, .. } if completed(outcome))
    });
    let study = open_hasty(setup(3), storage);
    let objective = Attempted(|_: &Job, _: &mut dyn Reporter| Ok(vec![0.125]));
    let error = study.run(&objective, 1).unwrap_err();
    assert!(matches!(error, StudyError::Unrecorded { trial: TrialId(1), .. }));
    assert_eq!(
        error.to_string(),
        "trial 1 ended (completed with loss 0.125), but that could not be recorded: \
         storage `test`: the disk is gone"
    );
}

#[test]
fn an_error_of_one_worker_stops_the_others_soon() {
    let (storage, _) = deaf_to_trial_2();
    let study = open_hasty(setup(3), storage);
    let objective = Attempted(|job: &Job, reporter: &mut dyn Reporter| {
        if job.trial.0 == 2 {
            return reporting(job, reporter);
        }
        let deadline = Instant::now() + DEADLINE;
        while reporter.poll().is_continue() {
            assert!(Instant::now() < deadline, "it was never halted");
            thread::sleep(Duration::from_millis(1));
        }
        Ok(vec![1.0])
    });
    study.run(&objective, 3).unwrap_err();
    let history = study.history();
    assert_eq!(states(&history)[..2], [State::Waiting; 2]);
}
