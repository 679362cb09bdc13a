//! Pruners that promote beside stages, several goals, warm starts and budgets.

use std::ops::ControlFlow;

use temper_core::{
    Around, Event, Failure, History, Job, Reporter, Setup, StageSetup, State, Step, StrategySetup,
    Trial, Value,
};
use temper_storage::MemoryStorage;
use temper_study::{Budget, Settings, Spent, Study, WarmStart, replay};

use crate::{Attempted, events, no_metrics, proposers, setup, states, trial, x};

const PRUNERS: [&str; 3] = ["asha", "hyperband", "freeze_thaw"];

/// The last step of a trial without a stage.
const LAST_STEP: Step = 18;

fn promoting(pruner: &str, setup: Setup) -> Setup {
    let options = r#"{"mode": "promote"}"#.to_owned();
    let pruner = Some(StrategySetup { name: pruner.into(), options });
    Setup { pruner, max_steps: Some(LAST_STEP), ..setup }
}

fn open(setup: Setup, storage: &MemoryStorage, budget: Budget) -> Study {
    let (strategy, pruner) = proposers(&setup).expect("both are in the registry");
    let settings = Settings { budget, ..Settings::default() };
    Study::open(setup, strategy, pruner, Box::new(storage.clone()), settings)
        .expect("the study opens")
}

fn last_step(job: &Job) -> Step {
    let own = job.settings.get("max_steps").and_then(Value::as_i64);
    own.and_then(|steps| Step::try_from(steps).ok()).unwrap_or(LAST_STEP)
}

/// A trial with checkpoints, of so many goals, which all are lowest near x = 2.
fn stepwise(goals: usize) -> impl Fn(&Job, &mut dyn Reporter) -> Result<Vec<f64>, Failure> + Sync {
    move |job, reporter| {
        for step in job.reported.unwrap_or(0) + 1..=last_step(job) {
            let loss = |goal: usize| (x(&job.config) - 2.0 - goal as f64).powi(2);
            let values: Vec<_> = (0..goals).map(|goal| loss(goal) + 9.0 / step as f64).collect();
            let metrics = [("tokens".to_owned(), step as f64 * 100.0)].into_iter().collect();
            if let ControlFlow::Break(_) = reporter.report(step, &values, &metrics) {
                break;
            }
        }
        Ok(Vec::new())
    }
}

fn run(setup: Setup, workers: usize, budget: Budget) -> (Study, MemoryStorage) {
    let goals = setup.goals.len();
    let storage = MemoryStorage::new();
    let study = open(setup, &storage, budget);
    study.run(&Attempted(stepwise(goals)), workers).expect("the study runs");
    (study, storage)
}

#[track_caller]
fn assert_replays(mut storage: MemoryStorage) {
    let replayed = replay(&events(&mut storage), &proposers).expect("the log can be replayed");
    assert_eq!(replayed.mismatches, []);
}

/// Where each trial came to.
fn came_to(trial: &Trial) -> Step {
    trial.reports().last().map_or(0, |report| report.step)
}

fn stage(name: &str, trials: Option<u64>, max_steps: Option<i64>) -> StageSetup {
    let settings = max_steps.map(|steps| ("max_steps".to_owned(), Value::Int(steps)));
    StageSetup {
        name: name.into(),
        trials,
        strategy: StrategySetup { name: "random".into(), options: "{}".into() },
        space: Default::default(),
        around: None,
        settings: settings.into_iter().collect(),
    }
}

/// A short stage, whose last step is a rung of the long one around its best.
fn in_stages(pruner: &str) -> Setup {
    let around = Some(Around { shrink: 0.4 });
    let fine = StageSetup { around, ..stage("fine", None, None) };
    let stages = vec![stage("coarse", Some(12), Some(6)), fine];
    promoting(pruner, Setup { stages, ..setup(24) })
}

fn in_stage(history: &History, stage: u32) -> impl Iterator<Item = &Trial> {
    history.trials().iter().filter(move |trial| trial.stage() == Some(stage))
}

#[test]
fn trials_of_each_stage_are_promoted_to_the_last_step_of_that_stage() {
    for (pruner, workers) in PRUNERS.into_iter().flat_map(|pruner| [(pruner, 1), (pruner, 4)]) {
        let (study, storage) = run(in_stages(pruner), workers, Budget::default());
        let history = study.history();
        assert_eq!(history.trials().len(), 24, "{pruner}");
        for (number, last) in [(0, 6), (1, LAST_STEP)] {
            let of = |state| in_stage(&history, number).filter(move |it| it.state() == state);
            let (completed, paused) = (of(State::Completed).count(), of(State::Paused).count());
            assert!(completed > 0, "{pruner}: none of stage {number} came to its end");
            assert_eq!(completed + paused, 12, "{pruner}: none failed");
            assert!(of(State::Completed).all(|it| came_to(it) == last), "{pruner}");
            assert!(of(State::Paused).all(|it| came_to(it) < last), "{pruner}");
        }
        let best = history.best().expect("one completed");
        assert_eq!(best.stage(), Some(1), "{pruner}");
        assert_replays(storage);
    }
}

#[test]
fn a_trial_at_the_last_step_of_its_stage_is_complete_also_where_a_rung_is() {
    let mut setup = in_stages("asha");
    // Rungs at steps 2, 6 and 18 of 54, whatever the stage.
    let options = r#"{"mode": "promote", "max_steps": 54}"#.to_owned();
    setup.pruner = Some(StrategySetup { name: "asha".into(), options });
    let (study, storage) = run(setup, 2, Budget::default());
    let history = study.history();
    let at_end = |trial: &&Trial| came_to(trial) == if trial.stage() == Some(0) { 6 } else { 18 };
    let mut at_end = history.trials().iter().filter(at_end).peekable();
    assert!(at_end.peek().is_some());
    assert!(at_end.all(|trial| trial.state() == State::Completed));
    assert_replays(storage);
}

#[test]
fn a_stage_begins_once_a_trial_of_the_one_before_came_to_its_end() {
    for pruner in PRUNERS {
        let (_, mut storage) = run(in_stages(pruner), 4, Budget::default());
        let mut history = History::new();
        for event in events(&mut storage) {
            if matches!(event, Event::Started { stage: Some(1), .. }) {
                let mut coarse = in_stage(&history, 0);
                assert!(coarse.any(|it| it.state() == State::Completed), "{pruner}");
            }
            history.apply(&event).expect("it follows");
        }
    }
}

#[test]
fn with_several_goals_the_first_one_decides_who_is_promoted() {
    for pruner in PRUNERS {
        let mut two = promoting(pruner, setup(20));
        two.goals.push(temper_core::Goal { metric: "size".into(), ..two.goals[0].clone() });
        let (study, storage) = run(two, 1, Budget::default());
        let history = study.history();
        let best = history.best().expect("one completed");
        let off = |trial: &Trial| (x(trial.config()) - 2.0).abs();
        let nearest = history.trials().iter().map(off).fold(f64::INFINITY, f64::min);
        assert_eq!(off(best), nearest, "{pruner}");
        assert_eq!(best.losses().len(), 2);
        assert!(history.in_state(State::Paused).count() > 0, "{pruner}");
        assert_replays(storage);
    }
}

#[test]
fn trials_that_were_taken_over_are_neither_rivals_nor_promoted() {
    let (earlier, _) = run(setup(6), 1, Budget::default());
    for pruner in PRUNERS {
        let setup = promoting(pruner, Setup { seed: 11, ..setup(12) });
        let storage = MemoryStorage::new();
        let study = open(setup.clone(), &storage, Budget::default());
        let space = temper_space::Space::new(&setup.space, &setup.require).expect("it is valid");
        let start = WarmStart::new("earlier.db", &earlier.history(), &setup, &space);
        study.take_over(&start.expect("its goals are the same")).expect("the log can be written");
        study.run(&Attempted(stepwise(1)), 2).expect("the study runs");
        let history = study.history();
        let (taken, own) = history.trials().split_at(6);
        assert!(taken.iter().all(|it| it.state() == State::Completed && it.attempts().len() == 1));
        assert_eq!(own.len(), 12, "{pruner}");
        let completed = own.iter().filter(|it| it.state() == State::Completed).count();
        assert!((1..12).contains(&completed), "{pruner}: {completed} came to their end");
        // However good the earlier ones were: who is best of its own goes furthest.
        let own_best = own.iter().filter_map(Trial::loss).min();
        let best = own.iter().find(|it| it.loss() == own_best).expect("it is one of them");
        assert_eq!(came_to(best), LAST_STEP, "{pruner}");
        assert_replays(storage);
    }
}

#[test]
fn a_budget_for_less_than_one_trial_ends_at_its_first_pause_and_says_so() {
    let tokens = |limit| Budget { train_tokens: Some(limit), ..Budget::default() };
    let (study, storage) = run(promoting("asha", setup(9)), 1, tokens(50.0));
    assert_eq!(states(&study.history()), [State::Paused]);
    assert_eq!(came_to(trial(&study.history(), 0)), 1);
    let spent = Spent::Tokens { spent: 100.0, limit: 50.0 };
    assert_eq!(study.ended_by(), Some(spent));
    // With more it goes on where it was.
    let study = open(promoting("asha", setup(9)), &storage, Budget::default());
    study.run(&Attempted(stepwise(1)), 1).expect("the study runs");
    assert_eq!(study.history().trials().len(), 9);
    assert_replays(storage);
}

#[test]
fn a_budget_for_less_than_one_trial_lets_the_first_come_to_its_end_where_none_pauses() {
    let budget = Budget { train_tokens: Some(50.0), ..Budget::default() };
    let (study, _) = run(setup(9), 1, budget);
    assert_eq!(states(&study.history()), [State::Completed]);
    let spent = Spent::Tokens { spent: 1800.0, limit: 50.0 };
    assert_eq!(study.ended_by(), Some(spent));
}

#[test]
fn trials_that_report_nothing_on_their_way_never_pause() {
    for pruner in PRUNERS {
        let storage = MemoryStorage::new();
        let study = open(promoting(pruner, setup(5)), &storage, Budget::default());
        let silent = |job: &Job, _: &mut dyn Reporter| Ok(vec![x(&job.config)]);
        study.run(&Attempted(silent), 2).expect("the study runs");
        assert_eq!(states(&study.history()), [State::Completed; 5], "{pruner}");
        assert_replays(storage);
    }
}

#[test]
fn reports_that_are_late_or_come_twice_neither_pause_a_trial_twice_nor_train_it_less() {
    for pruner in PRUNERS {
        let storage = MemoryStorage::new();
        let study = open(promoting(pruner, setup(9)), &storage, Budget::default());
        // Each attempt begins with the report of its checkpoint, and says each step twice.
        let twice = |job: &Job, reporter: &mut dyn Reporter| {
            for step in job.reported.unwrap_or(1)..=LAST_STEP {
                for step in [step, step.saturating_sub(1).max(1), step] {
                    let loss = x(&job.config).powi(2) + 9.0 / step as f64;
                    if reporter.report(step, &[loss], &no_metrics()).is_break() {
                        return Ok(Vec::new());
                    }
                }
            }
            Ok(Vec::new())
        };
        study.run(&Attempted(twice), 2).expect("the study runs");
        let history = study.history();
        for trial in history.trials() {
            let steps: Vec<_> = trial.reports().iter().map(|report| report.step).collect();
            assert!(steps.is_sorted_by(|one, next| one < next), "{pruner}: {steps:?}");
            assert_eq!(trial.state() == State::Completed, came_to(trial) == LAST_STEP, "{pruner}");
        }
        assert!(history.best().is_some(), "{pruner}");
        assert_replays(storage);
    }
}
