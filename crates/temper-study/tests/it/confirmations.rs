//! Studies that confirm their best once the search is over.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::Ordering;

use temper_core::{
    Confirm, Confirmation, FailureKind, History, Job, Loss, Origin, Reporter, Setup, StageSetup,
    StrategySetup, Trial,
};
use temper_space::Space;
use temper_storage::{MemoryStorage, SqliteStorage};
use temper_study::{Budget, Settings, Spent, replay};

use crate::repeats::{noise, noisy};
use crate::{
    Attempted, Failure, SHORT_LEASE, events, failure, open, open_with, proposers, setup_of, x,
};

const SPACE: &str = r#"{"x": {"type": "float", "low": -5, "high": 5, "default": 0.5}}"#;

fn confirming(trials: u64, seeds: u32, top: u32) -> Setup {
    let confirm = Some(Confirm { seeds, top, target: None });
    Setup { confirm, ..setup_of(SPACE, trials) }
}

fn confirmation(history: &History) -> Confirmation {
    let setup = history.setup().expect("the study was opened");
    let space = Space::new(&setup.space, &setup.require).expect("its space is valid");
    Confirmation::of(&space, history).expect("something is confirmed")
}

fn confirming_trials(history: &History) -> Vec<&Trial> {
    let confirms = |trial: &&Trial| matches!(trial.origin(), Origin::Confirmation { .. });
    history.trials().iter().filter(confirms).collect()
}

/// How often each configuration ran under each seed.
fn counts(history: &History) -> BTreeMap<(String, u32), u32> {
    let mut counts = BTreeMap::new();
    for trial in confirming_trials(history) {
        let seed = trial.origin().seed().expect("it has one");
        *counts.entry((trial.config().key(), seed)).or_insert(0) += 1;
    }
    counts
}

#[test]
fn the_best_are_confirmed_with_one_worker_and_with_several_and_it_replays() {
    for workers in [1, 4] {
        let mut storage = MemoryStorage::new();
        let study = open(confirming(10, 4, 2), storage.clone());
        let seeds = Mutex::new(Vec::new());
        let objective = |job: &Job, reporter: &mut dyn Reporter| {
            if job.is_repeat {
                seeds.lock().unwrap().push(job.seed);
            }
            noisy(job, reporter)
        };
        study.run(&Attempted(objective), workers).unwrap();
        let history = study.history();
        assert_eq!(history.tried(), 10);
        let confirmation = confirmation(&history);
        assert!(confirmation.is_over() && confirmation.winner().is_some());
        assert!(counts(&history).values().all(|count| *count == 1));
        let logged: Vec<u64> = confirming_trials(&history)
            .iter()
            .map(|trial| trial.origin().seed().unwrap().into())
            .collect();
        let mut seen = seeds.into_inner().unwrap();
        let mut wanted = logged.clone();
        seen.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(seen, wanted, "the seed that is logged is the one that a trial gets");
        // The noise is that of the seed alone: differences are the same under each.
        let [first, second, ..] = &confirmation.candidates[..] else { panic!("two at least") };
        let above = second.above(first).unwrap();
        assert!(above.standard_error().unwrap() < 1e-9);
        assert!((noise(logged[0]) - noise(logged[confirmation.candidates.len()])).abs() > 1e-9);
        let replayed = replay(&events(&mut storage), &proposers).unwrap();
        assert_eq!(replayed.mismatches, [], "{workers} workers");
        assert_eq!(replayed.matched as usize, history.trials().len() - 1, "all but the default");
    }
}

#[test]
fn a_study_that_is_interrupted_again_and_again_comes_to_the_same_end() {
    let whole = open(confirming(6, 5, 2), MemoryStorage::new());
    whole.run(&Attempted(noisy), 1).unwrap();
    let mut storage = MemoryStorage::new();
    for _ in 0..40 {
        let study = open(confirming(6, 5, 2), storage.clone());
        let interrupt = study.interrupt();
        let objective = Attempted(|job: &Job, reporter: &mut dyn Reporter| {
            interrupt.store(job.attempt == 1 && job.trial.0 % 2 == 1, Ordering::Relaxed);
            if reporter.poll().is_break() { Ok(vec![0.0]) } else { noisy(job, reporter) }
        });
        study.run(&objective, 1).unwrap();
    }
    let history = open(confirming(6, 5, 2), storage.clone()).history();
    assert_eq!(confirmation(&history), confirmation(&whole.history()));
    assert!(counts(&history).values().all(|count| *count == 1));
    assert_eq!(replay(&events(&mut storage), &proposers).unwrap().mismatches, []);
}

#[test]
fn several_processes_confirm_together_and_nothing_runs_twice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("study.db");
    let begun = open(confirming(8, 5, 3), SqliteStorage::open(&path).unwrap());
    let run = || {
        let settings = Settings { lease: SHORT_LEASE, ..Settings::default() };
        let storage = SqliteStorage::open(&path).unwrap();
        let study = open_with(confirming(8, 5, 3), storage, settings);
        study.run(&Attempted(noisy), 2).unwrap();
    };
    std::thread::scope(|scope| {
        scope.spawn(run);
        scope.spawn(run);
    });
    drop(begun);
    let mut storage = SqliteStorage::open(&path).unwrap();
    let history = crate::history_of(&mut storage);
    assert!(confirmation(&history).is_over());
    assert!(counts(&history).values().all(|count| *count == 1));
    assert_eq!(replay(&events(&mut storage), &proposers).unwrap().mismatches, []);
}

#[test]
fn failures_of_a_run_are_retried_as_of_any_trial_and_then_count_as_no_evidence() {
    let study = open(confirming(5, 3, 1), MemoryStorage::new());
    let objective = |job: &Job, reporter: &mut dyn Reporter| -> Result<Vec<f64>, Failure> {
        match (job.is_repeat, job.attempt) {
            (true, 1) => Err(failure(FailureKind::Crashed)),
            (true, _) if job.trial.0 == 6 => Err(failure(FailureKind::Diverged)),
            _ => noisy(job, reporter),
        }
    };
    study.run(&Attempted(objective), 1).unwrap();
    let history = study.history();
    assert!(confirming_trials(&history).iter().all(|trial| trial.attempts().len() == 2));
    let confirmation = confirmation(&history);
    assert!(confirmation.is_over());
    let completed: usize = confirmation.candidates.iter().map(|it| it.losses().len()).sum();
    assert_eq!(completed, confirming_trials(&history).len() - 1);
}

#[test]
fn a_target_ends_the_search_and_then_the_best_are_confirmed() {
    let target = Loss::new(0.5).unwrap();
    let confirm = Some(Confirm { seeds: 3, top: 1, target: Some(target) });
    let setup = Setup { confirm, ..setup_of(SPACE, 50) };
    let budget = Budget { target: Some(target), ..Budget::default() };
    let mut storage = MemoryStorage::new();
    let settings = Settings { budget, ..Settings::default() };
    let study = open_with(setup, storage.clone(), settings);
    study.run(&Attempted(noisy), 1).unwrap();
    let history = study.history();
    assert!(history.tried() < 50);
    assert!(confirmation(&history).is_over());
    assert!(matches!(study.ended_by(), Some(Spent::Target { .. })));
    assert_eq!(replay(&events(&mut storage), &proposers).unwrap().mismatches, []);
}

#[test]
fn what_trials_may_train_on_bounds_the_confirmation_too() {
    let storage = MemoryStorage::new();
    let run = |tokens: f64| {
        let budget = Budget { train_tokens: Some(tokens), ..Budget::default() };
        let settings = Settings { budget, ..Settings::default() };
        let study = open_with(confirming(4, 3, 1), storage.clone(), settings);
        let objective = |job: &Job, reporter: &mut dyn Reporter| {
            let tokens = [("tokens".to_owned(), 100.0)].into_iter().collect();
            let _ = reporter.report(1, &[noise(job.seed)], &tokens);
            Ok(Vec::new())
        };
        study.run(&Attempted(objective), 1).unwrap();
        (study.history(), study.ended_by())
    };
    let (history, ended_by) = run(600.0);
    assert_eq!(confirming_trials(&history).len(), 2);
    assert!(!confirmation(&history).is_over() && confirmation(&history).winner().is_none());
    assert!(matches!(ended_by, Some(Spent::Tokens { .. })));
    let (history, ended_by) = run(1e9);
    assert!(confirmation(&history).is_over());
    assert_eq!(ended_by, None);
}

#[test]
fn the_runs_have_the_settings_of_the_last_stage_and_more_trials_may_follow() {
    let stage = |name: &str, trials: Option<u64>, steps: i64| StageSetup {
        name: name.into(),
        trials,
        strategy: StrategySetup { name: "random".into(), options: "{}".into() },
        space: Default::default(),
        around: None,
        settings: [("steps".to_owned(), steps.into())].into_iter().collect(),
    };
    let setup = |trials| Setup {
        stages: vec![stage("coarse", Some(4), 1), stage("fine", None, 10)],
        ..confirming(trials, 3, 2)
    };
    let mut storage = MemoryStorage::new();
    for trials in [8, 11] {
        let study = open(setup(trials), storage.clone());
        let objective = |job: &Job, reporter: &mut dyn Reporter| {
            let steps = job.settings.get("steps").and_then(temper_core::Value::as_i64);
            assert!(!job.is_repeat || steps == Some(10), "{steps:?}");
            noisy(job, reporter).map(|losses| vec![losses[0] + 10.0 / steps.unwrap() as f64])
        };
        study.run(&Attempted(objective), 2).unwrap();
        let history = study.history();
        assert_eq!(history.tried(), trials);
        assert!(confirmation(&history).is_over());
        let fine = |trial: &&Trial| trial.stage() == Some(1) && !trial.origin().is_repeat();
        assert_eq!(history.trials().iter().filter(fine).count() as u64, trials - 4);
        let mut chosen = confirmation(&history).candidates.into_iter().filter_map(|it| it.trial);
        assert!(chosen.all(|id| history.trial(id).unwrap().stage() == Some(1)));
    }
    assert_eq!(replay(&events(&mut storage), &proposers).unwrap().mismatches, []);
    assert!(
        x(&confirmation(&open(setup(11), storage).history()).candidates[0].config).abs() <= 5.0
    );
}
