//! Disks without room for what trials write.

use temper_core::{FailureKind, Job, Reporter, State};
use temper_storage::MemoryStorage;
use temper_study::{Retries, Settings, StudyError};

use crate::lab::Lab;
use crate::{Attempted, failure, kinds, open, open_with, parabola, setup, states, trial};

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
