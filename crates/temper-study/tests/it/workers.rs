//! Many workers, in one process and in several.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::thread;

use temper_core::{Event, Job, Reporter, State, Storage};
use temper_storage::{MemoryStorage, SqliteStorage};
use temper_study::Settings;

use crate::{Attempted, events, no_metrics, open, parabola, setup, states};

/// The numbers in `Started` events, in the order of the log.
pub(crate) fn started(storage: &mut dyn Storage) -> Vec<u64> {
    events(storage)
        .iter()
        .filter_map(|event| match event {
            Event::Started { trial, .. } => Some(trial.0),
            _ => None,
        })
        .collect()
}

#[test]
fn four_workers_run_exactly_as_many_trials_as_are_wanted() {
    let mut storage = MemoryStorage::new();
    let study = open(setup(200), storage.clone());
    let ran = Mutex::new(Vec::new());
    let objective = Attempted(|job: &Job, reporter: &mut dyn Reporter| {
        ran.lock().unwrap().push(job.trial.0);
        parabola(job, reporter)
    });
    study.run(&objective, 4).unwrap();
    assert_eq!(states(&study.history()), [State::Completed; 200]);
    assert_eq!(started(&mut storage), Vec::from_iter(0..200));
    let mut ran = ran.into_inner().unwrap();
    ran.sort_unstable();
    assert_eq!(ran, Vec::from_iter(0..200));
}

/// Runs one study from two processes, each with its own connection to the log.
fn run_from_two_processes(trials: u64, connect: &(dyn Fn() -> Box<dyn Storage> + Sync)) {
    let ran = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let study = temper_study::Study::open(
                    setup(trials),
                    Box::new(temper_strategy::Random),
                    None,
                    connect(),
                    Settings::default(),
                )
                .expect("the study opens");
                let objective = Attempted(|job: &Job, reporter: &mut dyn Reporter| {
                    ran.lock().expect("no test panics there").push(job.trial.0);
                    assert!(reporter.report(1, &[9.0], &no_metrics()).is_continue());
                    parabola(job, reporter)
                });
                study.run(&objective, 2).expect("the study runs");
                let history = study.history();
                assert!(history.trials().iter().all(|trial| trial.state().is_final()));
                assert_eq!(history.trials().len() as u64, trials);
            });
        }
    });
    let ran = ran.into_inner().expect("no test panics there");
    assert_eq!(ran.len() as u64, trials);
    assert_eq!(BTreeSet::from_iter(ran).len() as u64, trials);
    assert_eq!(started(&mut *connect()), Vec::from_iter(0..trials));
}

#[test]
fn two_processes_share_a_log_in_memory() {
    let storage = MemoryStorage::new();
    run_from_two_processes(100, &|| Box::new(storage.clone()));
}

#[test]
fn two_processes_share_a_log_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("study.db");
    run_from_two_processes(60, &|| Box::new(SqliteStorage::open(&path).unwrap()));
    assert!(!folder.path().join("study.db-workers").exists());
}
