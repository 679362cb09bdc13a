//! Whose checkpoints stay on the disk, and whose go.

use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use temper_core::{
    Confirm, Event, Fork, History, Job, Lease, Loss, Objective, ObjectiveError, Origin, Outcome,
    Reporter, Setup, State, StrategySetup, Trial, TrialId, WorkerId,
};
use temper_storage::MemoryStorage;
use temper_study::{Observer, Settings, Study, give_up_paused, needed_checkpoints, replay};

use crate::lab::Lab;
use crate::{
    Attempted, events, history_of, no_metrics, open, proposers, setup, setup_of, states, trial, x,
};

/// Begins a trial, of whose checkpoint `fork` it takes, and ends it unless it is to run.
fn add(history: &mut History, fork: Option<u64>, outcome: Option<Outcome>) {
    let trial = TrialId(history.trials().len() as u64);
    let lease = Lease(history.len());
    let started = Event::Started {
        trial,
        config: Default::default(),
        origin: Origin::Strategy,
        seen: history.len(),
        worker: WorkerId::new("a"),
        until: None,
        fork: fork.map(|from| Fork::of(TrialId(from))),
        note: None,
        stage: None,
    };
    history.apply(&started).expect("it is the next one");
    if let Some(outcome) = outcome {
        let ended = Event::Finished { trial, lease, outcome, seconds: 1.0, peak_memory: None };
        history.apply(&ended).expect("it runs");
    }
}

fn completed(losses: &[f64]) -> Option<Outcome> {
    Some(Outcome::completed(
        losses.iter().map(|loss| Loss::new(*loss).expect("it is finite")).collect(),
    ))
}

fn failed(retry: bool) -> Option<Outcome> {
    Some(Outcome::Failed { failure: crate::failure(temper_core::FailureKind::Crashed), retry })
}

fn needed(history: &History) -> Vec<u64> {
    needed_checkpoints(history).into_iter().map(|id| id.0).collect()
}

#[test]
fn checkpoints_of_trials_that_may_go_on_and_of_the_best_are_needed() {
    let mut history = History::new();
    add(&mut history, None, completed(&[2.0]));
    add(&mut history, None, completed(&[1.0]));
    add(&mut history, None, Some(Outcome::Pruned));
    add(&mut history, None, Some(Outcome::Paused));
    add(&mut history, None, failed(false));
    add(&mut history, None, failed(true));
    add(&mut history, None, None);
    assert_eq!(needed(&history), [1, 3, 5, 6]);
}

#[test]
fn the_checkpoint_that_an_open_trial_forked_from_is_needed_until_that_trial_has_ended() {
    for (outcome, wanted) in [(None, &[0, 1, 2][..]), (Some(Outcome::Pruned), &[1])] {
        let mut history = History::new();
        add(&mut history, None, completed(&[2.0]));
        add(&mut history, None, completed(&[1.0]));
        add(&mut history, Some(0), outcome);
        assert_eq!(needed(&history), wanted);
    }
}

#[test]
fn with_several_goals_the_whole_front_is_needed() {
    let mut history = History::new();
    for losses in [[1.0, 3.0], [2.0, 2.0], [2.0, 3.0], [3.0, 1.0]] {
        add(&mut history, None, completed(&losses));
    }
    assert_eq!(needed(&history), [0, 1, 3]);
}

/// The trials that have a checkpoint in their folder.
fn kept(lab: &Lab, history: &History) -> BTreeSet<u64> {
    let objective = lab.objective();
    let has = |id: &TrialId| objective.folders().path(*id).join("saved/model").exists();
    history.trials().iter().map(Trial::id).filter(has).map(|id| id.0).collect()
}

/// Trials that save; every third fails.
fn saving() -> Lab {
    let mut lab = Lab::sh(
        r#"mkdir -p "$TEMPER_TRIAL_DIR/saved"; echo weights > "$TEMPER_TRIAL_DIR/saved/model"
        [ $((TEMPER_TRIAL % 3)) = 1 ] && exit 1
        echo "{\"loss\": $(( (TEMPER_TRIAL - 6) * (TEMPER_TRIAL - 6) ))}""#,
    );
    lab.settings.checkpoints = vec!["saved".parse().expect("it is a name")];
    lab
}

#[test]
fn the_best_trials_checkpoint_alone_is_left_and_what_a_killed_run_left_is_removed_by_the_next() {
    let lab = saving();
    let history = lab.run_study(setup(9));
    assert_eq!(history.best().unwrap().id(), TrialId(6));
    assert_eq!(kept(&lab, &history), [6].into());
    let log = lab.objective().folders().path(TrialId(3)).join("stdout.log");
    assert!(log.exists(), "only checkpoints go");
    let left = lab.objective().folders().path(TrialId(2)).join("saved");
    fs::create_dir(&left).unwrap();
    lab.run_study(setup(9));
    assert!(!left.exists());
}

#[test]
fn the_checkpoint_of_who_wins_the_confirmation_is_left() {
    let mut lab = Lab::sh(
        r#"mkdir -p "$TEMPER_TRIAL_DIR/saved"; echo weights > "$TEMPER_TRIAL_DIR/saved/model"
        if [ "$TEMPER_TRIAL" -lt 6 ]; then loss=-$TEMPER_TRIAL; else loss=$TEMPER_PARAM_X; fi
        echo "{\"loss\": $loss}""#,
    );
    lab.settings.checkpoints = vec!["saved".parse().expect("it is a name")];
    let confirm = Some(Confirm { seeds: 3, top: 2, target: None });
    let space = r#"{"x": {"type": "float", "low": -5, "high": 5, "default": -5}}"#;
    let history = lab.run_study(Setup { confirm, ..setup_of(space, 6) });
    assert_eq!(history.best().unwrap().id(), TrialId(5), "as the search saw it");
    assert_eq!(kept(&lab, &history), [0, 5].into(), "the default, which wins, and that one");
}

#[test]
fn without_names_of_checkpoints_nothing_is_removed() {
    let mut lab = saving();
    lab.settings.checkpoints.clear();
    let history = lab.run_study(setup(5));
    assert_eq!(kept(&lab, &history).len(), 5);
}

/// Trials whose checkpoints can't be removed.
struct Stuck;

impl Objective for Stuck {
    fn run(&self, job: &Job, reporter: &mut dyn Reporter) -> Result<Vec<f64>, ObjectiveError> {
        Ok(crate::parabola(job, reporter)?)
    }

    fn has_checkpoints(&self) -> bool {
        true
    }

    fn discard(&self, _: TrialId) -> Result<(), ObjectiveError> {
        Err(ObjectiveError::Unable("the folder is read-only".into()))
    }
}

/// Notes what it is told of checkpoints.
struct Told(Arc<Mutex<Vec<(TrialId, String)>>>);

impl Observer for Told {
    fn see(&mut self, _: &Event, _: &History) {}

    fn keeps(&mut self, trial: TrialId, error: &ObjectiveError) {
        self.0.lock().expect("no test panics there").push((trial, error.to_string()));
    }
}

#[test]
fn checkpoints_that_cannot_be_removed_are_told_once_for_each_trial() {
    let study = open(setup(6), MemoryStorage::new());
    let told = Arc::<Mutex<Vec<_>>>::default();
    study.observe(Box::new(Told(Arc::clone(&told))));
    study.run(&Stuck, 1).unwrap();
    let best = study.history().best().unwrap().id();
    let reason = "the folder is read-only".to_owned();
    let mut told = told.lock().unwrap().clone();
    told.sort();
    let others = (0..6).map(TrialId).filter(|id| *id != best);
    assert_eq!(told, others.map(|id| (id, reason.clone())).collect::<Vec<_>>());
}

/// Trials of three rungs, of which most are left where they paused.
fn paused(storage: &MemoryStorage) -> Setup {
    let options = r#"{"mode": "promote"}"#.to_owned();
    let pruner = Some(StrategySetup { name: "asha".into(), options });
    let setup = Setup { pruner, max_steps: Some(9), ..setup(12) };
    let (strategy, pruner) = proposers(&setup).expect("both are in the registry");
    let settings = Settings::default();
    let study = Study::open(setup.clone(), strategy, pruner, Box::new(storage.clone()), settings)
        .expect("the study opens");
    let objective = Attempted(|job: &Job, reporter: &mut dyn Reporter| {
        for step in job.reported.unwrap_or(0) + 1..=9 {
            let loss = (x(&job.config) - 2.0).powi(2);
            if let ControlFlow::Break(_) = reporter.report(step, &[loss], &no_metrics()) {
                break;
            }
        }
        Ok(Vec::new())
    });
    study.run(&objective, 1).expect("the study runs");
    setup
}

#[test]
fn paused_trials_are_given_up_with_the_reason_once_no_trial_is_left_to_begin() {
    let mut storage = MemoryStorage::new();
    let setup = paused(&storage);
    let mut history = history_of(&mut storage);
    let paused: Vec<_> = history.in_state(State::Paused).map(Trial::id).collect();
    assert!(paused.len() > 3, "{paused:?}");
    let given_up = give_up_paused(&mut storage, &mut history, "to make room").unwrap();
    assert_eq!(given_up, paused);
    let logged = history_of(&mut storage);
    assert!(logged.in_state(State::Paused).next().is_none());
    for id in paused {
        let trial = trial(&logged, id.0);
        assert_eq!((trial.state(), trial.reason()), (State::Pruned, Some("to make room")));
    }
    assert_eq!(needed_checkpoints(&logged).len(), 1);
    let replayed = replay(&events(&mut storage), &proposers).unwrap();
    assert_eq!(replayed.mismatches, Vec::new());
    // A larger study goes on from there.
    let more = Setup { trials: Some(14), ..setup };
    let study = open(more, storage);
    study.run(&Attempted(crate::parabola), 1).unwrap();
    assert_eq!(states(&study.history()).len(), 14);
}
