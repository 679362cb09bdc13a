//! Strategies that pause, resume, wait and end.

use std::sync::atomic::{AtomicU32, Ordering};

use temper_core::{
    FailureKind, Halt, History, Job, Next, Reporter, Rng, State, Step, Strategy, StrategyError,
    Trial, draw,
};
use temper_space::Space;
use temper_storage::MemoryStorage;
use temper_study::StudyError;

use crate::{
    Attempted, events, failure, kinds, no_metrics, open_strategy, parabola, setup, states, trial,
};

/// Starts some trials, which pause at a step, and then resumes them to their end.
#[derive(Debug)]
struct Rungs {
    trials: usize,
    until: Step,
}

impl Strategy for Rungs {
    fn resumes(&self) -> bool {
        true
    }

    fn ask(
        &mut self,
        space: &Space,
        history: &History,
        rng: &mut Rng,
    ) -> Result<Next, StrategyError> {
        if history.trials().len() < self.trials {
            return Ok(Next::Start {
                config: draw(space, rng)?,
                until: Some(self.until),
                fork: None,
                note: None,
                stage: None,
            });
        }
        let paused = history.in_state(State::Paused).next().map(Trial::id);
        Ok(paused.map_or(Next::Done, |trial| Next::Resume { trial, until: None, note: None }))
    }
}

/// Reports four steps, from the first one that was not reported yet.
fn four_steps(job: &Job, reporter: &mut dyn Reporter) -> Result<Vec<f64>, temper_core::Failure> {
    let first = if job.attempt == 1 { 1 } else { 3 };
    for step in first..=4 {
        let told = reporter.report(step, &[10.0 - step as f64], &no_metrics());
        if let Some(halt) = told.break_value() {
            assert_eq!((halt, step), (Halt::Pause, 2));
            return Ok(Vec::new());
        }
    }
    Ok(Vec::new())
}

#[test]
fn trials_pause_at_a_step_and_are_resumed_to_their_end() {
    for workers in [1, 3] {
        let mut storage = MemoryStorage::new();
        let mut setup = setup(6);
        setup.trials = None;
        let rungs = |trials| Rungs { trials, until: 2 };
        let study = open_strategy(setup.clone(), rungs(6), storage.clone());
        study.run(&Attempted(four_steps), workers).unwrap();
        let history = study.history();
        assert_eq!(states(&history), [State::Completed; 6]);
        for trial in history.trials() {
            assert_eq!(trial.attempts().len(), 2);
            assert_eq!(trial.until(), None);
            assert_eq!(trial.reason(), Some("it reached step 2"));
            let steps: Vec<_> = trial.reports().iter().map(|report| report.step).collect();
            assert_eq!(steps, [1, 2, 3, 4]);
        }
        let build = |_: &temper_core::Setup| Ok((Box::new(rungs(6)) as Box<dyn Strategy>, None));
        let replayed = temper_study::replay(&events(&mut storage), &build).unwrap();
        assert_eq!((replayed.matched, replayed.mismatches), (12, Vec::new()));
    }
}

#[test]
fn the_number_of_trials_does_not_count_resumed_ones() {
    // A strategy that would go on: the study's number ends it, after the paused ones.
    let study = open_strategy(setup(3), Rungs { trials: 3, until: 2 }, MemoryStorage::new());
    study.run(&Attempted(four_steps), 1).unwrap();
    assert_eq!(states(&study.history()), [State::Completed; 3]);
}

#[test]
fn a_trial_that_fails_before_its_pause_is_tried_again_up_to_the_same_step() {
    let mut setup = setup(1);
    setup.trials = None;
    let study = open_strategy(setup, Rungs { trials: 1, until: 2 }, MemoryStorage::new());
    let untils = std::sync::Mutex::new(Vec::new());
    let objective = Attempted(|job: &Job, reporter: &mut dyn Reporter| {
        untils.lock().unwrap().push(job.until);
        let first = if job.attempt < 3 { 1 } else { 3 };
        for step in first..=4 {
            if reporter.report(step, &[1.0], &no_metrics()).is_break() {
                break;
            }
            if job.attempt == 1 {
                return Err(failure(FailureKind::Crashed));
            }
        }
        Ok(Vec::new())
    });
    study.run(&objective, 1).unwrap();
    assert_eq!(untils.into_inner().unwrap(), [Some(2), Some(2), None]);
    assert_eq!(states(&study.history()), [State::Completed]);
}

/// Wants one trial at a time, and no more than some.
#[derive(Debug)]
struct OneByOne(usize);

impl Strategy for OneByOne {
    fn ask(
        &mut self,
        space: &Space,
        history: &History,
        rng: &mut Rng,
    ) -> Result<Next, StrategyError> {
        if history.trials().len() == self.0 {
            return Ok(Next::Done);
        }
        if history.in_state(State::Running).next().is_some() {
            return Ok(Next::Wait);
        }
        draw(space, rng).map(Next::start)
    }
}

#[test]
fn workers_wait_when_the_strategy_does_and_end_when_it_is_done() {
    let mut setup = setup(1);
    setup.trials = None;
    let study = open_strategy(setup, OneByOne(5), MemoryStorage::new());
    let running = AtomicU32::new(0);
    let objective = Attempted(|job: &Job, reporter: &mut dyn Reporter| {
        assert_eq!(running.fetch_add(1, Ordering::SeqCst), 0, "two run at once");
        let result = parabola(job, reporter);
        running.fetch_sub(1, Ordering::SeqCst);
        result
    });
    study.run(&objective, 3).unwrap();
    assert_eq!(states(&study.history()), [State::Completed; 5]);
}

#[test]
fn the_last_trial_of_a_strategy_that_is_done_is_still_tried_again() {
    let mut setup = setup(1);
    setup.trials = None;
    let study = open_strategy(setup, OneByOne(1), MemoryStorage::new());
    let objective = Attempted(|job: &Job, _: &mut dyn Reporter| match job.attempt {
        1 => Err(failure(FailureKind::Preempted)),
        _ => Ok(vec![1.0]),
    });
    study.run(&objective, 2).unwrap();
    let history = study.history();
    assert_eq!(states(&history), [State::Completed]);
    assert_eq!(kinds(trial(&history, 0)), [FailureKind::Preempted]);
}

/// Wants a trial and then to resume it, whatever became of it.
#[derive(Debug)]
struct Stubborn;

impl Strategy for Stubborn {
    fn resumes(&self) -> bool {
        true
    }

    fn ask(
        &mut self,
        space: &Space,
        history: &History,
        rng: &mut Rng,
    ) -> Result<Next, StrategyError> {
        match history.trials() {
            [] => draw(space, rng).map(Next::start),
            [first, ..] => Ok(Next::Resume { trial: first.id(), until: None, note: None }),
        }
    }
}

#[test]
fn a_strategy_that_resumes_what_is_not_paused_is_an_error() {
    let study = open_strategy(setup(3), Stubborn, MemoryStorage::new());
    let error = study.run(&Attempted(parabola), 1).unwrap_err();
    assert!(matches!(error, StudyError::BadResume { .. }), "{error}");
    assert!(error.to_string().ends_with("trial 0 is completed"), "{error}");
}

#[test]
fn a_strategy_that_wants_nothing_ends_the_study_at_once() {
    let study = open_strategy(setup(5), OneByOne(0), MemoryStorage::new());
    study.run(&Attempted(parabola), 2).unwrap();
    assert!(study.history().trials().is_empty());
}
