//! Proposals follow from the log, bit for bit.

use std::time::Duration;

use temper_core::{Event, FailureKind, Job, Next, Origin, Reporter, Setup, State, TrialId};
use temper_storage::SqliteStorage;
use temper_study::{ReplayError, replay};

use crate::{Attempted, events, failure, no_metrics, open, proposers, setup_of, x};

const SPACE: &str = r#"{
    "x": {"type": "float", "low": -5, "high": 5, "default": 0.5},
    "rate": {"type": "float", "low": 1e-6, "high": 1e-1, "log": true},
    "kind": {"type": "choice", "values": ["a", "b", "c"]}
}"#;

/// Reports, crashes, diverges and is preempted, as the configuration has it.
fn eventful(job: &Job, reporter: &mut dyn Reporter) -> Result<Vec<f64>, temper_core::Failure> {
    let x = x(&job.config);
    for step in 1..=3 {
        let _ = reporter.report(step, &[x + 1.0 / step as f64], &no_metrics());
        // Lets the workers' trials overlap.
        std::thread::sleep(Duration::from_micros(200));
    }
    match job.trial.0 % 7 {
        1 => Err(failure(FailureKind::Crashed)),
        2 if job.attempt < 3 => Err(failure(FailureKind::Preempted)),
        3 => Err(failure(FailureKind::OutOfMemory)),
        4 => Ok(vec![f64::NAN]),
        _ => Ok(vec![x * x]),
    }
}

fn with_strategy(name: &str, trials: u64) -> Setup {
    let mut setup = setup_of(SPACE, trials);
    setup.strategy.name = name.into();
    setup
}

/// The log of a study that was begun with one strategy and went on with another.
fn eventful_log() -> Vec<Event> {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let path = folder.path().join("study.db");
    for (strategy, trials) in [("random", 30), ("grid", 50), ("random", 60)] {
        let storage = SqliteStorage::open(&path).expect("the log opens");
        let study = open(with_strategy(strategy, trials), storage);
        study.run(&Attempted(eventful), 4).expect("the study runs");
        assert_eq!(study.history().trials().len() as u64, trials);
        assert!(study.history().in_state(State::Failed).count() > 10);
    }
    events(&mut SqliteStorage::open(&path).expect("the log opens"))
}

#[test]
fn a_study_of_several_workers_failures_and_two_strategies_is_replayed_bit_for_bit() {
    let replayed = replay(&eventful_log(), &proposers).unwrap();
    assert_eq!(replayed.mismatches, []);
    assert_eq!(replayed.matched, 59, "all but the default configuration");
}

#[test]
fn a_configuration_that_was_tampered_with_is_found() {
    let mut events = eventful_log();
    let tampered = events.iter_mut().find_map(|event| match event {
        Event::Started {
            trial: trial @ TrialId(1..), config, origin: Origin::Strategy, ..
        } => {
            config.insert("x", 4.9999);
            Some((*trial, Next::start(config.clone())))
        }
        _ => None,
    });
    let (trial, logged) = tampered.unwrap();
    let replayed = replay(&events, &proposers).unwrap();
    assert_eq!(replayed.matched, 58);
    let [mismatch] = &replayed.mismatches[..] else { panic!("{:?}", replayed.mismatches) };
    assert_eq!((mismatch.trial, &mismatch.logged), (trial, &logged));
    assert_ne!(mismatch.replayed, logged);
}

#[test]
fn a_note_that_the_strategy_did_not_write_is_found() {
    let mut events = eventful_log();
    let first = events.iter_mut().find_map(|event| match event {
        Event::Started { note, origin: Origin::Strategy, .. } => Some(note),
        _ => None,
    });
    *first.unwrap() = Some("chosen because of something else".into());
    let replayed = replay(&events, &proposers).unwrap();
    assert_eq!((replayed.matched, replayed.mismatches.len()), (58, 1));
}

#[test]
fn a_log_that_contradicts_itself_or_is_empty_is_not_replayed() {
    assert!(matches!(replay(&[], &proposers), Err(ReplayError::Empty)));
    let mut events = eventful_log();
    let seq = 1 + events.iter().position(|event| matches!(event, Event::Started { .. })).unwrap();
    events.insert(seq, events[seq - 1].clone());
    let error = replay(&events, &proposers).unwrap_err();
    assert!(
        matches!(error, ReplayError::Inconsistent { seq: at, .. } if at == seq as u64),
        "{error}"
    );
}
