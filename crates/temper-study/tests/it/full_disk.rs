//! Disks without room for what trials write.

use temper_core::{Event, FailureKind, Job, Reporter, State, TrialId};
use temper_storage::MemoryStorage;
use temper_study::{Retries, Settings, StudyError};

use crate::lab::Lab;
use crate::{
    Attempted, Faulty, failure, kinds, no_metrics, open, open_with, parabola, setup, states, trial,
};

#[test]
fn a_program_that_finds_the_disk_full_costs_its_trial_only() {
    let lab = Lab::sh(
        r#"if [ "$TEMPER_TRIAL" = 1 ]; then head -c 9 /dev/zero > /dev/full || exit 1; fi
        echo '{"loss": 1}'"#,
    );
    let history = lab.run_study(setup(4));
    let (ok, failed) = (State::Completed, State::Failed);
    assert_eq!(states(&history), [ok, failed, ok, ok]);
    assert_eq!(kinds(trial(&history, 1)), [FailureKind::DiskFull; 2]);
}

#[test]
fn a_disk_that_stays_full_ends_the_run_and_the_trial_is_tried_again_once_there_is_room() {
    let study = open(setup(5), MemoryStorage::new());
    let full = Attempted(|job: &Job, reporter: &mut dyn Reporter| match job.trial.0 {
        0 => parabola(job, reporter),
        _ => Err(failure(FailureKind::DiskFull)),
    });
    let error = study.run(&full, 1).unwrap_err();
    assert!(matches!(error, StudyError::DiskFull { attempts: 3, .. }), "{error}");
    assert_eq!(
        error.to_string(),
        "3 attempts in a row found the disk full, the last one at trial 2: disk_full: the test \
         wants it"
    );
    let (ok, failed) = (State::Completed, State::Failed);
    assert_eq!(states(&study.history()), [ok, failed, State::Waiting]);
    study.run(&Attempted(parabola), 1).unwrap();
    assert_eq!(states(&study.history()), [ok, failed, ok, ok, ok]);
}

#[test]
fn without_retries_the_last_of_three_trials_is_tried_again_all_the_same() {
    let retries = Retries { disk_full: 0, ..Retries::default() };
    let settings = Settings { retries, ..Settings::default() };
    let study = open_with(setup(5), MemoryStorage::new(), settings);
    let full = Attempted(|_: &Job, _: &mut dyn Reporter| Err(failure(FailureKind::DiskFull)));
    study.run(&full, 1).unwrap_err();
    let failed = State::Failed;
    assert_eq!(states(&study.history()), [failed, failed, State::Waiting]);
}

#[test]
fn a_trial_that_finds_room_in_between_lets_the_run_go_on() {
    let study = open(setup(12), MemoryStorage::new());
    let objective = Attempted(|job: &Job, reporter: &mut dyn Reporter| match job.trial.0 % 2 {
        0 => parabola(job, reporter),
        _ => Err(failure(FailureKind::DiskFull)),
    });
    study.run(&objective, 1).unwrap();
    let completed = study.history().in_state(State::Completed).count();
    assert_eq!(completed, 6);
}

#[test]
fn a_report_waits_until_there_is_room_for_it_in_the_log() {
    let mut is_full = true;
    let storage = Faulty::full(move |event| {
        let is_report = matches!(event, Event::Reported { trial: TrialId(1), .. });
        is_report && std::mem::take(&mut is_full)
    });
    let study = open(setup(3), storage);
    let objective = Attempted(|job: &Job, reporter: &mut dyn Reporter| {
        assert!(reporter.report(1, &[1.0], &no_metrics()).is_continue());
        parabola(job, reporter)
    });
    study.run(&objective, 2).unwrap();
    assert_eq!(states(&study.history()), [State::Completed; 3]);
    assert_eq!(trial(&study.history(), 1).reports().len(), 1);
}
