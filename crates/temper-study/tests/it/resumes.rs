//! A study that is opened again.

use std::sync::atomic::Ordering;

use temper_core::{
    Config, Event, FailureKind, FnObjective, Halt, Job, Reporter, Seq, State, Storage,
};
use temper_storage::MemoryStorage;
use temper_study::{Study, StudyError};

use crate::{
    Attempted, configs, events, kinds, no_metrics, open, parabola, setup, setup_of, states, trial,
};

#[test]
fn the_number_of_trials_is_a_total_also_after_a_resume_and_after_raising_it() {
    let storage = MemoryStorage::new();
    for (wanted, then) in [(5, 5), (5, 5), (8, 8), (3, 8)] {
        let study = open(setup(wanted), storage.clone());
        study.run(&Attempted(parabola), 2).unwrap();
        assert_eq!(study.history().trials().len(), then, "{wanted} wanted");
    }
}

#[test]
fn a_resumed_study_equals_an_uninterrupted_one() {
    let whole = open(setup(12), MemoryStorage::new());
    whole.run(&Attempted(parabola), 1).unwrap();

    let storage = MemoryStorage::new();
    for _ in 0..4 {
        let study = open(setup(12), storage.clone());
        let interrupt = study.interrupt();
        let objective = Attempted(|job: &Job, reporter: &mut dyn Reporter| {
            interrupt.store(job.trial.0 % 4 == 3, Ordering::Relaxed);
            parabola(job, reporter)
        });
        study.run(&objective, 1).unwrap();
    }
    let resumed = open(setup(12), storage).history();
    assert_eq!(configs(&resumed), configs(&whole.history()));
    assert_eq!(resumed.best(), resumed.trial(whole.history().best().unwrap().id()));
    assert_eq!(resumed.len(), whole.history().len());
}

/// Interrupts the study in trial 1, which must notice it at its next report.
fn run_and_interrupt(study: &Study) {
    let interrupt = study.interrupt();
    let objective = FnObjective(|_: &Config, reporter: &mut dyn Reporter| {
        assert!(reporter.report(1, &[1.0], &no_metrics()).is_continue());
        if study.history().trials().len() == 2 {
            interrupt.store(true, Ordering::Relaxed);
            let told = reporter.report(2, &[0.5], &no_metrics());
            assert_eq!(told.break_value(), Some(Halt::Interrupt));
            assert_eq!(reporter.poll().break_value(), Some(Halt::Interrupt));
        }
        Ok(0.5)
    });
    study.run(&objective, 1).expect("the study runs");
}

#[test]
fn an_interrupted_trial_waits_and_a_second_run_completes_everything() {
    let storage = MemoryStorage::new();
    let study = open(setup(4), storage.clone());
    run_and_interrupt(&study);
    let history = study.history();
    assert_eq!(states(&history), [State::Completed, State::Waiting]);
    assert_eq!(kinds(trial(&history, 1)), [FailureKind::Preempted]);
    assert_eq!(trial(&history, 1).reports().len(), 1, "the second came late");

    study.interrupt().store(false, Ordering::Relaxed);
    study.run(&Attempted(parabola), 1).unwrap();
    assert_eq!(states(&study.history()), [State::Completed; 4]);
    assert_eq!(trial(&study.history(), 1).attempts().len(), 2);
}

#[test]
fn an_interrupted_study_is_completed_by_another_process() {
    let storage = MemoryStorage::new();
    run_and_interrupt(&open(setup(4), storage.clone()));
    let study = open(setup(4), storage);
    study.run(&Attempted(parabola), 2).unwrap();
    assert_eq!(states(&study.history()), [State::Completed; 4]);
    assert_eq!(trial(&study.history(), 1).attempts().len(), 2);
}

#[test]
fn a_study_that_is_interrupted_before_it_begins_starts_nothing() {
    let study = open(setup(4), MemoryStorage::new());
    study.interrupt().store(true, Ordering::Relaxed);
    study.run(&Attempted(parabola), 2).unwrap();
    assert!(study.history().trials().is_empty());
}

/// What is said of a log that was begun with the first space and is opened with the second.
fn refusal(before: &str, now: &str) -> String {
    let storage = MemoryStorage::new();
    open(setup_of(before, 3), storage.clone());
    let strategy = Box::new(temper_strategy::Random);
    match Study::open(
        setup_of(now, 3),
        strategy,
        None,
        Box::new(storage.clone()),
        Default::default(),
    ) {
        Err(error @ StudyError::Changed { .. }) => error.to_string(),
        Err(error) => panic!("another error: {error}"),
        Ok(_) => panic!("it was opened"),
    }
}

#[test]
fn a_changed_space_is_refused_and_the_parameter_is_named() {
    const X: &str = r#"{"x": {"type": "float", "low": -5, "high": 5}}"#;
    const WIDER: &str = r#"{"x": {"type": "float", "low": -5, "high": 6}}"#;
    const XY: &str = r#"{"x": {"type": "float", "low": -5, "high": 5}, "y": 3}"#;
    for (before, now, name) in [(X, WIDER, "`x`"), (X, XY, "`y`"), (XY, X, "`y`")] {
        let message = refusal(before, now);
        assert!(message.contains(name), "{message}");
    }
}

#[test]
fn a_changed_goal_or_requirement_is_refused() {
    let storage = MemoryStorage::new();
    open(setup(3), storage.clone());
    let mut other_goal = setup(3);
    other_goal.goals[0].metric = "accuracy".into();
    let mut other_rule = setup(3);
    other_rule.require.0.insert("positive".into(), "x > 0".into());
    for (setup, word) in [(other_goal, "accuracy"), (other_rule, "[require]")] {
        let strategy = Box::new(temper_strategy::Random);
        let refused =
            Study::open(setup, strategy, None, Box::new(storage.clone()), Default::default());
        let message = refused.err().expect("it is refused").to_string();
        assert!(message.contains(word), "{message}");
    }
    assert_eq!(events(&mut storage.clone()).len(), 1, "nothing was written");
}

#[test]
fn what_may_change_is_recorded_when_the_study_is_opened_again() {
    let mut storage = MemoryStorage::new();
    open(setup(3), storage.clone());
    open(setup(3), storage.clone());
    assert_eq!(events(&mut storage).len(), 1, "nothing has changed");
    let mut seed = setup(3);
    seed.seed = 8;
    let mut strategy = seed.clone();
    strategy.strategy.name = "grid".into();
    let mut bounded = strategy.clone();
    bounded.constraints = vec!["latency_ms <= 50".parse().unwrap()];
    for (seq, changed) in [(1, seed), (2, strategy), (3, bounded)] {
        open(changed.clone(), storage.clone());
        assert_eq!(storage.read(seq as Seq).unwrap(), [Event::Opened(changed)]);
    }
}

#[test]
fn a_space_is_the_same_however_sure_somebody_is_of_its_defaults() {
    let space = |confidence: &str| {
        let range = r#""type": "float", "low": -5, "high": 5, "default": 1"#;
        setup_of(&format!(r#"{{"x": {{{range}{confidence}}}}}"#), 3)
    };
    let mut storage = MemoryStorage::new();
    open(space(""), storage.clone());
    let sure = space(r#", "confidence": "high""#);
    open(sure.clone(), storage.clone());
    assert_eq!(storage.read(1).unwrap(), [Event::Opened(sure)]);
}

#[test]
fn a_study_whose_strategy_another_process_changes_ends_with_an_error() {
    let storage = MemoryStorage::new();
    let study = open(setup(3), storage.clone());
    let mut changed = setup(3);
    changed.seed = 8;
    open(changed, storage);
    let error = study.run(&Attempted(parabola), 2).unwrap_err();
    assert!(matches!(error, StudyError::Changed { .. }), "{error}");
}
