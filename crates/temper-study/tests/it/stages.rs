//! Studies in stages.

use std::sync::atomic::Ordering;

use temper_core::{
    Around, BudgetSetup, Config, Confirm, CostSetup, Event, Failure, FailureKind, History, Job,
    Loss, Measure, Origin, Reporter, Setup, StageSetup, State, StrategySetup, Trial, Value,
};
use temper_storage::MemoryStorage;
use temper_study::{Budget, Settings, Study, StudyError, replay};

use crate::{
    Attempted, configs, events, failure, no_metrics, open, open_with, proposers, setup_of, x,
};

const SPACE: &str = r#"{
    "x": {"type": "float", "low": 0, "high": 10, "default": 9.0},
    "kind": {"type": "choice", "values": ["a", "b"]}
}"#;

fn stage(name: &str, trials: u64, strategy: &str, steps: Option<i64>) -> StageSetup {
    StageSetup {
        name: name.into(),
        trials: Some(trials),
        strategy: StrategySetup { name: strategy.into(), options: "{}".into() },
        space: Default::default(),
        around: None,
        settings: steps.map(|steps| ("steps".to_owned(), Value::Int(steps))).into_iter().collect(),
    }
}

/// Coarse with few steps, then finer and local with more.
fn in_stages() -> Setup {
    let coarse = stage("coarse", 7, "sobol", Some(10));
    let fine =
        StageSetup { around: Some(Around { shrink: 0.4 }), ..stage("fine", 8, "bayes", Some(100)) };
    let local = StageSetup { around: Some(Around { shrink: 0.1 }), ..fine.clone() };
    let local = StageSetup { name: "local".into(), trials: None, ..local };
    Setup { stages: vec![coarse, fine, local], ..setup_of(SPACE, 20) }
}

/// A loss that falls by 1 with ten times the steps, lowest at x = 3.
fn loss(job: &Job) -> f64 {
    let steps = job.settings.get("steps").and_then(Value::as_f64).unwrap_or(1.0);
    let worse = if job.config.get("kind") == Some(&"a".into()) { 0.5 } else { 0.0 };
    10.0 + (x(&job.config) - 3.0).powi(2) / 10.0 + worse - steps.log10()
}

fn trial_of(job: &Job, reporter: &mut dyn Reporter) -> Result<Vec<f64>, Failure> {
    let _ = reporter.report(1, &[loss(job) + 1.0], &no_metrics());
    Ok(vec![loss(job)])
}

fn run(setup: Setup, workers: usize) -> (History, MemoryStorage) {
    let storage = MemoryStorage::new();
    let study = open(setup, storage.clone());
    study.run(&Attempted(trial_of), workers).expect("the study runs");
    (study.history(), storage)
}

fn in_stage(history: &History, stage: u32) -> Vec<&Trial> {
    history.trials().iter().filter(|trial| trial.stage() == Some(stage)).collect()
}

fn replays(mut storage: MemoryStorage) -> u64 {
    let replayed = replay(&events(&mut storage), &proposers).expect("the log can be replayed");
    assert_eq!(replayed.mismatches, []);
    replayed.matched
}

#[test]
fn each_stage_has_its_trials_its_part_of_the_space_and_its_settings() {
    let (history, storage) = run(in_stages(), 1);
    let counts: Vec<_> = (0..3).map(|index| in_stage(&history, index).len()).collect();
    assert_eq!(counts, [7, 8, 5], "the last one has the rest");
    let centre = history.best_of(in_stage(&history, 0).into_iter()).expect("one completed");
    let fine = in_stage(&history, 1);
    assert_eq!(fine[0].config(), centre.config(), "the best so far comes first");
    assert!(fine[0].note().is_some_and(|note| note.contains("best configuration so far")));
    let middle = x(centre.config()).clamp(2.0, 8.0);
    assert!(fine.iter().all(|trial| (x(trial.config()) - middle).abs() <= 2.0 + 1e-9));
    let centre = history.best_of(in_stage(&history, 1).into_iter()).expect("one completed");
    let local = in_stage(&history, 2);
    assert!(local.iter().all(|trial| (x(trial.config()) - x(centre.config())).abs() <= 1.0));
    assert_eq!(replays(storage), 19, "all but the default configuration");
}

#[test]
fn the_best_trial_is_one_of_the_last_fidelity_that_completed() {
    let mut setup = in_stages();
    // More steps give a higher loss here: the numbers alone would choose the first stage.
    setup.stages[0].settings = [("steps".to_owned(), Value::Int(1000))].into_iter().collect();
    let (history, _) = run(setup, 1);
    let lowest = history.trials().iter().min_by_key(|trial| trial.loss()).expect("there are some");
    assert_eq!(lowest.stage(), Some(0));
    assert_ne!(history.best().and_then(Trial::stage), Some(0));
}

#[test]
fn a_target_is_reached_with_the_settings_of_the_last_stage_alone() {
    let target = Some(Loss::new(10.0).expect("it is finite"));
    let confirm = Some(Confirm { seeds: 2, top: 1, target });
    for confirm in [None, confirm] {
        let mut setup = Setup { confirm, ..in_stages() };
        // More steps give a lower loss here: the first stage comes below what the others can.
        setup.stages[0].settings =
            [("steps".to_owned(), Value::Int(100_000))].into_iter().collect();
        let budget = Budget { target, ..Budget::default() };
        let settings = Settings { budget, ..Settings::default() };
        let study = open_with(setup, MemoryStorage::new(), settings);
        study.run(&Attempted(trial_of), 1).expect("the study runs");
        let history = study.history();
        assert!(in_stage(&history, 0).iter().any(|trial| trial.loss() <= target));
        assert_eq!(in_stage(&history, 0).len(), 7, "a coarse loss says nothing of it");
        let reached = history.best().expect("some completed");
        assert_eq!(history.fidelity(reached), history.last_fidelity());
        assert!(reached.loss() <= target && history.tried() < 20, "{:?}", reached.loss());
    }
}

#[test]
fn a_study_of_several_workers_waits_between_stages_and_replays() {
    let (history, storage) = run(in_stages(), 4);
    assert_eq!(history.trials().len(), 20);
    assert_eq!(history.in_state(State::Completed).count(), 20);
    let mut log = storage.clone();
    let (mut running, mut stage_now) = (0, Some(0));
    for event in events(&mut log) {
        match event {
            Event::Started { stage, .. } => {
                assert!(stage == stage_now || running == 0, "stage {stage:?} began too early");
                (stage_now, running) = (stage, running + 1);
            }
            Event::Finished { .. } => running -= 1,
            _ => {}
        }
    }
    assert_eq!(replays(storage), 19);
}

#[test]
fn a_study_whose_trials_cost_something_replays() {
    let costs = Some(CostSetup { measure: Measure::Metric("cost".into()), limit: Some(30.0) });
    let budget = BudgetSetup { costs, until_converged: None };
    let mut setup = Setup { budget, ..in_stages() };
    setup.stages[1].around = None;
    let storage = MemoryStorage::new();
    let study = open(setup, storage.clone());
    let objective = Attempted(|job: &Job, reporter: &mut dyn Reporter| {
        let cost = [("cost".to_owned(), 1.0 + x(&job.config))].into();
        let _ = reporter.report(1, &[loss(job) + 1.0], &cost);
        Ok(vec![loss(job)])
    });
    study.run(&objective, 4).expect("the study runs");
    assert_eq!(replays(storage), 19);
}

#[test]
fn a_study_that_is_interrupted_in_and_between_stages_is_the_same() {
    let (whole, _) = run(in_stages(), 1);
    for every in [1, 3, 7] {
        let storage = MemoryStorage::new();
        while open(in_stages(), storage.clone()).history().in_state(State::Completed).count() < 20 {
            let study = open(in_stages(), storage.clone());
            let interrupt = study.interrupt();
            let objective = Attempted(|job: &Job, reporter: &mut dyn Reporter| {
                interrupt.store(job.trial.0 % every == every - 1, Ordering::Relaxed);
                trial_of(&Job { attempt: 1, ..job.clone() }, &mut Deaf(reporter))
            });
            study.run(&objective, 1).expect("the study runs");
        }
        let resumed = open(in_stages(), storage.clone()).history();
        assert_eq!(configs(&resumed), configs(&whole));
        assert_eq!(replays(storage), 19);
    }
}

/// A reporter that is not told to end.
struct Deaf<'a>(&'a mut dyn Reporter);

impl Reporter for Deaf<'_> {
    fn report(
        &mut self,
        _: temper_core::Step,
        _: &[f64],
        _: &temper_core::Metrics,
    ) -> std::ops::ControlFlow<temper_core::Halt> {
        std::ops::ControlFlow::Continue(())
    }

    fn poll(&mut self) -> std::ops::ControlFlow<temper_core::Halt> {
        std::ops::ControlFlow::Continue(())
    }

    fn forked(&mut self) -> std::ops::ControlFlow<temper_core::Halt> {
        std::ops::ControlFlow::Continue(())
    }

    fn memory(&mut self, bytes: u64) {
        self.0.memory(bytes);
    }
}

#[test]
fn a_grid_that_ends_early_passes_on_and_leaves_the_rest_to_the_last_stage() {
    let grid = StageSetup {
        space: serde_json::from_str(r#"{"x": 5.0}"#).expect("it parses"),
        ..stage("all", 9, "grid", None)
    };
    let rest = StageSetup { trials: None, ..stage("rest", 0, "random", None) };
    let setup = Setup { stages: vec![grid, rest], ..setup_of(SPACE, 12) };
    let (history, storage) = run(setup, 1);
    // The default configuration and the two points of the grid.
    assert_eq!(in_stage(&history, 0).len(), 3);
    assert_eq!(in_stage(&history, 1).len(), 9);
    assert_eq!(replays(storage), 11);
}

#[test]
fn a_grid_tries_a_configuration_again_at_another_fidelity() {
    let space = r#"{"x": {"type": "int", "low": 0, "high": 3}}"#;
    let stages = vec![stage("few", 4, "grid", Some(10)), stage("many", 4, "grid", Some(100))];
    let (history, _) = run(Setup { stages, ..setup_of(space, 8) }, 1);
    let of_stage = |stage| {
        let mut configs: Vec<_> =
            in_stage(&history, stage).iter().map(|trial| trial.config().key()).collect();
        configs.sort();
        configs
    };
    assert_eq!(of_stage(0).len(), 4);
    assert_eq!(of_stage(0), of_stage(1));
}

#[test]
fn without_a_result_before_it_a_stage_searches_everywhere_and_says_so() {
    let storage = MemoryStorage::new();
    let study = open(in_stages(), storage.clone());
    let objective = Attempted(|job: &Job, reporter: &mut dyn Reporter| match job.trial.0 {
        0..7 => Err(failure(FailureKind::OutOfMemory)),
        _ => trial_of(job, reporter),
    });
    study.run(&objective, 1).expect("the study runs");
    let history = study.history();
    let note = in_stage(&history, 1)[0].note().expect("it has a note").to_owned();
    assert!(note.contains("the whole space is searched"), "{note}");
    assert_eq!(history.trials().len(), 20);
    assert_eq!(replays(storage), 19);
}

#[test]
fn an_anchor_that_fails_leaves_the_stage_with_its_own_results() {
    let storage = MemoryStorage::new();
    let study = open(in_stages(), storage.clone());
    let objective = Attempted(|job: &Job, reporter: &mut dyn Reporter| match job.trial.0 {
        7 => Err(failure(FailureKind::OutOfMemory)),
        _ => trial_of(job, reporter),
    });
    study.run(&objective, 1).expect("the study runs");
    let history = study.history();
    assert_eq!(in_stage(&history, 1)[0].state(), State::Failed);
    let repeated = |trial: &&Trial| trial.config() == in_stage(&history, 1)[0].config();
    assert_eq!(history.trials().iter().filter(repeated).count(), 2, "it is not tried again");
    assert_eq!(replays(storage), 19);
}

#[test]
fn a_stage_may_be_added_and_not_changed() {
    let (_, storage) = run(Setup { trials: Some(12), ..in_stages() }, 1);
    let reopen = |setup: Setup| {
        let strategy = temper_strategy::build_for(&setup).expect("it is in the registry");
        Study::open(setup, strategy, None, Box::new(storage.clone()), Default::default()).map(drop)
    };
    let mut other = in_stages();
    other.stages[0].settings = Config::new();
    let error = reopen(other).unwrap_err();
    assert!(matches!(error, StudyError::Changed { .. }), "{error}");
    assert!(error.to_string().contains("the settings of `coarse` were `steps=10`"), "{error}");
    let mut fewer = in_stages();
    fewer.stages.pop();
    assert!(reopen(fewer).unwrap_err().to_string().contains("it also had `local`"));
    let mut more = in_stages();
    more.stages[2].trials = Some(5);
    more.stages.push(stage("more", 3, "random", Some(100)));
    more.trials = Some(23);
    reopen(more).expect("a stage was added");
}

#[test]
fn a_pruner_compares_trials_of_one_fidelity() {
    let mut setup = in_stages();
    setup.pruner =
        Some(StrategySetup { name: "median".into(), options: r#"{"min_trials": 1}"#.into() });
    // With more steps the losses are far higher: the median of all would stop all of them.
    let objective = Attempted(|job: &Job, reporter: &mut dyn Reporter| {
        let steps = job.settings.get("steps").and_then(Value::as_f64).expect("each stage has it");
        let _ = reporter.report(1, &[steps - job.trial.0 as f64], &no_metrics());
        Ok(vec![loss(job)])
    });
    let (strategy, pruner) = proposers(&setup).expect("they are in the registry");
    let storage = Box::new(MemoryStorage::new());
    let study =
        Study::open(setup, strategy, pruner, storage, Default::default()).expect("it opens");
    study.run(&objective, 1).expect("the study runs");
    assert_eq!(study.history().in_state(State::Pruned).count(), 0);
    assert_eq!(study.history().trials()[0].origin(), Origin::Default);
}
