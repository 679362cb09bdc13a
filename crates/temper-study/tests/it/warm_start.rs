//! Trials of an earlier study in a new one.

use temper_core::{
    Config, Direction, Event, FailureKind, Fork, History, Job, Lease, Origin, Outcome, Reporter,
    Setup, State, TrialId, WorkerId,
};
use temper_space::Space;
use temper_storage::MemoryStorage;
use temper_study::{WarmStart, WarmStartError, replay};

use crate::{
    Attempted, configs, events, failure, open, parabola, proposers, setup, setup_of, trial, x,
};

/// Fails in three ways, and otherwise reports a latency and completes.
fn mixed(job: &Job, reporter: &mut dyn Reporter) -> Result<Vec<f64>, temper_core::Failure> {
    let metrics = [("latency".to_owned(), 10.0)].into_iter().collect();
    let _ = reporter.report(1, &[x(&job.config)], &metrics);
    match job.trial.0 {
        1 => Err(failure(FailureKind::OutOfMemory)),
        2 => Err(failure(FailureKind::Timeout)),
        3 => Ok(vec![f64::NAN]),
        _ => parabola(job, reporter),
    }
}

/// What a study of that setup has found.
fn found(setup: Setup) -> History {
    let study = open(setup, MemoryStorage::new());
    study.run(&Attempted(mixed), 1).expect("the study runs");
    study.history()
}

fn start(earlier: &History, setup: &Setup) -> Result<WarmStart, WarmStartError> {
    let space = Space::new(&setup.space, &setup.require).expect("the test's space is valid");
    WarmStart::new("earlier.db", earlier, setup, &space)
}

/// The configurations that a study of the second space takes over from one of the first, and what
/// is left out.
fn taken(before: &str, now: &str) -> (Vec<Config>, Vec<(String, u64)>) {
    let (earlier, setup) = (found(setup_of(before, 12)), setup_of(now, 1));
    let start = start(&earlier, &setup).expect("the goals are the same");
    let study = open(setup, MemoryStorage::new());
    assert_eq!(study.take_over(&start).expect("the log is in memory"), start.len());
    let left_out = start.left_out().iter().map(|(reason, count)| (reason.clone(), *count));
    (configs(&study.history()), left_out.collect())
}

#[test]
fn what_an_earlier_study_has_found_is_taken_over_once_and_does_not_count() {
    let earlier = found(setup(10));
    let start = start(&earlier, &setup(4)).unwrap();
    assert_eq!(start.left_out().iter().collect::<Vec<_>>(), [(&"failed: timeout".to_owned(), &1)]);
    let mut storage = MemoryStorage::new();
    let study = open(setup(4), storage.clone());
    assert_eq!(study.take_over(&start).unwrap(), 9);
    assert_eq!(open(setup(4), storage.clone()).take_over(&start).unwrap(), 0, "it was done");
    study.run(&Attempted(parabola), 2).unwrap();
    let history = study.history();
    assert_eq!((history.trials().len(), history.tried()), (13, 4));
    let (first, oom) = (trial(&history, 0), trial(&history, 1));
    assert_eq!((first.origin(), first.note()), (Origin::Observed, Some("trial 0 of earlier.db")));
    assert_eq!(first.config(), earlier.trials()[0].config());
    assert_eq!(first.losses(), earlier.trials()[0].losses());
    assert_eq!((first.metric("latency"), first.reports().len()), (Some(10.0), 0));
    assert_eq!(first.seconds(), earlier.trials()[0].seconds());
    assert_eq!(
        (oom.state(), oom.failure().unwrap().kind),
        (State::Failed, FailureKind::OutOfMemory)
    );
    assert_eq!(study.take_over(&start).unwrap(), 0, "its own trials have begun");
    let replayed = replay(&events(&mut storage), &proposers).unwrap();
    assert_eq!((replayed.matched, replayed.mismatches), (4, Vec::new()));
}

#[test]
fn taking_over_goes_on_where_it_was_interrupted() {
    let (few, many) = (found(setup(5)), found(setup(10)));
    let study = open(setup(4), MemoryStorage::new());
    assert_eq!(study.take_over(&start(&few, &setup(4)).unwrap()).unwrap(), 4);
    assert_eq!(study.take_over(&start(&many, &setup(4)).unwrap()).unwrap(), 5);
    assert_eq!(study.history().trials().len(), 9);
}

#[test]
fn the_default_configuration_is_tried_unless_it_was_observed() {
    let space = r#"{"x": {"type": "float", "low": -5, "high": 5, "default": 1}}"#;
    let earlier = found(setup_of(space, 5));
    let study = open(setup_of(space, 2), MemoryStorage::new());
    study.take_over(&start(&earlier, &setup_of(space, 2)).unwrap()).unwrap();
    study.run(&Attempted(parabola), 1).unwrap();
    let defaults = study.history().trials().iter().filter(|trial| x(trial.config()) == 1.0).count();
    assert_eq!(defaults, 1);
}

#[test]
fn a_parameter_that_the_earlier_study_lacked_has_its_default() {
    const X: &str = r#"{"x": {"type": "float", "low": -5, "high": 5}}"#;
    let both = |default: &str| {
        format!(
            r#"{{"x": {{"type": "float", "low": -5, "high": 5}},
                 "n": {{"type": "int", "low": 1, "high": 9{default}}}, "twice": {{"derive": "n * 2"}}}}"#
        )
    };
    let (configs, left_out) = taken(X, &both(r#", "default": 3"#));
    assert_eq!((configs.len(), left_out.len()), (11, 1));
    for config in configs {
        assert_eq!((config.get("n"), config.get("twice")), (Some(&3.into()), Some(&6.into())));
    }
    let (configs, left_out) = taken(X, &both(""));
    assert_eq!(configs, []);
    assert_eq!(left_out[1], ("it had no `n`, which has no default".to_owned(), 11));
}

#[test]
fn a_parameter_that_this_study_lacks_is_dropped_unless_it_varied() {
    const X: &str = r#"{"x": {"type": "float", "low": -5, "high": 5}}"#;
    let with = |n: &str| format!(r#"{{"x": {{"type": "float", "low": -5, "high": 5}}, "n": {n}}}"#);
    let (configs, _) = taken(&with("3"), X);
    assert_eq!(configs.len(), 11);
    assert!(configs.iter().all(|config| config.len() == 1));
    let varied = with(r#"{"type": "choice", "values": [1, 2]}"#);
    let (configs, left_out) = taken(&varied, X);
    assert_eq!(configs, []);
    assert_eq!(left_out[0], ("`n` varied there and is not in this space".to_owned(), 11));
    // With a value, those that had it can be used.
    let (configs, left_out) = taken(&varied, &with("2"));
    assert!((1..11).contains(&configs.len()), "{left_out:?}");
    assert!(configs.iter().all(|config| config.get("n") == Some(&2.into())));
}

#[test]
fn what_this_space_does_not_allow_is_left_out() {
    const WIDE: &str = r#"{"x": {"type": "float", "low": -5, "high": 5}}"#;
    const NARROW: &str = r#"{"x": {"type": "float", "low": 0, "high": 5}}"#;
    let (configs, left_out) = taken(WIDE, NARROW);
    assert!((1..11).contains(&configs.len()));
    assert!(configs.iter().all(|config| x(config) >= 0.0));
    assert_eq!(left_out[0], ("`x` was not among 0.0 to 5.0".to_owned(), 11 - configs.len() as u64));

    let mut strict = setup(1);
    strict.require.0.insert("positive".into(), "x > 0".into());
    let start = start(&found(setup(12)), &strict).unwrap();
    assert_eq!(start.len(), configs.len());
    assert!(start.left_out().contains_key("not allowed by this space"));
}

#[test]
fn a_trial_that_leaves_a_constraint_open_is_left_out() {
    let bounded = |text: &str| Setup { constraints: vec![text.parse().unwrap()], ..setup(1) };
    let earlier = found(setup(6));
    assert_eq!(start(&earlier, &bounded("latency <= 1")).unwrap().len(), 5, "feasible or not");
    let open = start(&earlier, &bounded("size <= 1")).unwrap();
    assert_eq!(open.len(), 2, "failures");
    assert_eq!(open.left_out()["no `size` was reported"], 3);
}

#[test]
fn what_a_constraint_bounds_is_taken_over_as_the_mean_of_all_runs() {
    let bounded =
        |repeat| Setup { repeat, constraints: vec!["size <= 3".parse().unwrap()], ..setup(2) };
    let sized = |job: &Job, reporter: &mut dyn Reporter| {
        let metrics = [("size".to_owned(), job.trial.0 as f64)].into_iter().collect();
        let _ = reporter.report(1, &[1.0], &metrics);
        Ok(vec![1.0])
    };
    let study = open(bounded(Some(3)), MemoryStorage::new());
    study.run(&Attempted(sized), 1).unwrap();
    let earlier = study.history();
    let means = |history: &History| {
        let first = history.trials().iter().filter(|trial| !trial.origin().is_repeat());
        first.map(|it| history.mean_metric(it, "size")).collect::<Vec<_>>()
    };
    assert_eq!(means(&earlier), [Some(1.0), Some(4.0)], "of trials 0, 1, 2 and 3, 4, 5");
    let later = open(bounded(None), MemoryStorage::new());
    later.take_over(&start(&earlier, &bounded(None)).unwrap()).unwrap();
    assert_eq!(means(&later.history()), means(&earlier));
}

#[test]
fn a_trial_that_went_on_from_the_checkpoint_of_another_is_left_out() {
    let mut earlier = found(setup(1));
    let (trial, lease) = (TrialId(1), Lease(earlier.len()));
    let config = earlier.trials()[0].config().clone();
    let losses = earlier.trials()[0].losses().to_vec();
    for event in [
        Event::Started {
            trial,
            config,
            origin: Origin::Strategy,
            seen: earlier.len(),
            worker: WorkerId::new("a"),
            until: None,
            fork: Some(Fork::of(TrialId(0))),
            note: None,
            stage: None,
        },
        Event::Finished {
            trial,
            lease,
            outcome: Outcome::completed(losses),
            seconds: 1.0,
            peak_memory: None,
        },
    ] {
        earlier.apply(&event).unwrap();
    }
    let start = start(&earlier, &setup(1)).unwrap();
    assert_eq!(start.len(), 1);
    assert_eq!(start.left_out()["it went on from the checkpoint of another trial"], 1);
}

#[test]
fn another_goal_or_no_study_is_refused() {
    let earlier = found(setup(4));
    let mut other = setup(4);
    other.goals[0].direction = Direction::Maximize;
    let error = start(&earlier, &other).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`earlier.db` was to minimize loss, this study is to maximize loss"
    );
    let error = start(&History::new(), &setup(4)).unwrap_err();
    assert_eq!(error.to_string(), "`earlier.db` holds no study");
}
