//! Trials that pause at rungs and go on when they are promoted, and those that end early.

use std::ops::ControlFlow;
use std::sync::Mutex;

use temper_core::{
    EarlyStopping, Failure, Goal, History, Job, Reporter, Setup, State, Step, StrategySetup,
    Verdict,
};
use temper_storage::MemoryStorage;
use temper_study::{Pausing, Settings, Study, replay};

use crate::lab::Lab;
use crate::{Attempted, events, no_metrics, proposers, setup, states, trial, x};

/// A study of 18 steps a trial whose pruner promotes.
fn promoting(trials: u64, pruner: &str) -> Setup {
    let options = r#"{"mode": "promote"}"#.to_owned();
    let pruner = Some(StrategySetup { name: pruner.into(), options });
    Setup { pruner, max_steps: Some(18), ..setup(trials) }
}

fn open(setup: Setup, storage: MemoryStorage) -> Study {
    let (strategy, pruner) = proposers(&setup).expect("both are in the registry");
    Study::open(setup, strategy, pruner, Box::new(storage), Settings::default())
        .expect("the study opens")
}

/// The steps that each attempt ran, by trial.
type Runs = Mutex<Vec<(u64, Step)>>;

/// A trial with checkpoints: it goes on after the last step that it reported.
fn stepwise(runs: &Runs) -> impl Fn(&Job, &mut dyn Reporter) -> Result<Vec<f64>, Failure> + Sync {
    |job, reporter| {
        let at = |step: Step| (x(&job.config) - 2.0).powi(2) + 9.0 / step as f64;
        for step in job.reported.unwrap_or(0) + 1..=18 {
            runs.lock().expect("no test panics with it").push((job.trial.0, step));
            if let ControlFlow::Break(_) = reporter.report(step, &[at(step)], &no_metrics()) {
                return Ok(Vec::new());
            }
        }
        Ok(Vec::new())
    }
}

#[test]
fn promoted_trials_go_on_where_they_paused_and_the_best_runs_to_its_end() {
    for (pruner, workers) in
        [("asha", 1), ("asha", 4), ("hyperband", 3), ("freeze_thaw", 1), ("freeze_thaw", 4)]
    {
        let mut storage = MemoryStorage::new();
        let runs = Runs::default();
        let study = open(promoting(20, pruner), storage.clone());
        study.run(&Attempted(stepwise(&runs)), workers).unwrap();
        let history = study.history();
        let mut steps = runs.into_inner().unwrap();
        let all = steps.len();
        steps.sort_unstable();
        steps.dedup();
        assert_eq!(steps.len(), all, "{pruner}: no step is run twice");
        // With several workers it is a matter of luck who goes on while the others are slow.
        assert!(workers > 1 || all < 20 * 18 / 2, "{pruner}: {all} steps");
        let is_best = |id: u64| {
            let best = history.best().expect("one ran to its end");
            x(trial(&history, id).config()) == x(best.config())
        };
        let nearest = (0..20).min_by(|a, b| {
            let distance = |id: &u64| (x(trial(&history, *id).config()) - 2.0).abs();
            distance(a).total_cmp(&distance(b))
        });
        assert!(is_best(nearest.unwrap()), "{pruner}, {workers} workers");
        let ends = [State::Completed, State::Paused];
        assert!(states(&history).iter().all(|state| ends.contains(state)), "{pruner}");
        let replayed = replay(&events(&mut storage), &proposers).unwrap();
        assert_eq!(replayed.mismatches, Vec::new(), "{pruner}");
    }
}

#[test]
fn each_pause_and_each_promotion_is_recorded_with_its_reason() {
    let study = open(promoting(9, "asha"), MemoryStorage::new());
    study.run(&Attempted(stepwise(&Runs::default())), 1).unwrap();
    let history = study.history();
    let best = history.best().unwrap();
    let told: Vec<_> = best.remarks().iter().map(|it| (it.step, it.verdict)).collect();
    use Verdict::{Continue, Pause};
    assert_eq!(
        told,
        [(1, Pause), (1, Continue), (2, Pause), (2, Continue), (6, Pause), (6, Continue)]
    );
    assert_eq!(best.remarks()[0].reason, "it reached step 1");
    let reason = &best.remarks()[1].reason;
    assert!(reason.starts_with("loss ") && reason.contains(" is place "), "{reason}");
}

#[test]
fn a_study_goes_on_with_its_paused_trials_when_more_are_wanted() {
    let storage = MemoryStorage::new();
    let runs = Runs::default();
    for trials in [6, 12] {
        let study = open(promoting(trials, "asha"), storage.clone());
        study.run(&Attempted(stepwise(&runs)), 2).unwrap();
        assert_eq!(study.history().trials().len() as u64, trials);
    }
    let mut steps = runs.into_inner().unwrap();
    let all = steps.len();
    steps.sort_unstable();
    steps.dedup();
    assert_eq!(steps.len(), all);
}

/// Reports three steps, a second each if nobody asks it to pause; goes on from its own note.
const SAVING: &str = r#"
    cd "$TEMPER_TRIAL_DIR"; step=0
    if [ "$TEMPER_RESUME" ]; then step=$(cat saved); fi
    echo "begins after $step" >> story
    save() { echo $step > saved; exit 0; }
    trap save TERM
    while [ $step -lt 3 ]; do
        step=$((step + 1))
        echo "{\"step\": $step, \"loss\": $((9 - step))}"
        for look in 1 2 3 4 5 6 7 8 9 10; do
            if [ -e "$TEMPER_PAUSE_FILE" ]; then save; fi
            if [ $step -lt 3 ]; then sleep 0.1; fi
        done
    done
"#;

/// One trial that pauses at step 1 and goes on, as no others come.
fn paused_once(pausing: Pausing, script: &str) -> (History, String) {
    let mut lab = Lab::sh(script);
    lab.settings.pausing = pausing;
    let setup = Setup { max_steps: Some(3), ..promoting(1, "asha") };
    let study = open(setup, lab.storage.clone());
    study.run(&lab.objective(), 1).expect("the study runs");
    (study.history(), lab.read("story"))
}

#[test]
fn a_program_saves_when_it_is_asked_to_pause_and_goes_on_from_there() {
    let without_trap = SAVING.replace("trap save TERM", "");
    for (pausing, script) in [(Pausing::Signal, SAVING), (Pausing::File, &without_trap)] {
        let (history, story) = paused_once(pausing, script);
        assert_eq!(states(&history), [State::Completed]);
        assert_eq!(story, "begins after 0\nbegins after 1\n");
        assert_eq!(trial(&history, 0).reports().len(), 3);
    }
}

#[test]
fn a_program_that_cannot_save_begins_again_and_does_not_pause_where_it_was() {
    let (history, story) = paused_once(Pausing::Restart, SAVING);
    assert_eq!(states(&history), [State::Completed]);
    assert_eq!(story, "begins after 0\nbegins after 0\n");
    assert_eq!(trial(&history, 0).attempts().len(), 2);
}

fn watching(metric: &str, patience: u32) -> Setup {
    let watched = Goal { metric: metric.into(), direction: Default::default() };
    let early_stopping = Some(EarlyStopping { patience, min_delta: 0.0, watched });
    Setup { early_stopping, ..setup(1) }
}

#[test]
fn a_trial_that_no_longer_improves_is_complete_and_its_best_report_counts() {
    let falling = |_: &Job, reporter: &mut dyn Reporter| {
        for (step, loss) in (1..).zip([5.0, 3.0, 4.0, 4.0, 2.0]) {
            if reporter.report(step, &[loss], &no_metrics()).is_break() {
                return Ok(Vec::new());
            }
        }
        Ok(vec![7.0])
    };
    for (patience, result, steps) in [(2, 3.0, 4), (3, 2.0, 5)] {
        let study = open(watching("loss", patience), MemoryStorage::new());
        study.run(&Attempted(falling), 1).unwrap();
        let history = study.history();
        assert_eq!(states(&history), [State::Completed]);
        assert_eq!(trial(&history, 0).loss().unwrap().get(), result);
        assert_eq!(trial(&history, 0).reports().len(), steps);
    }
}

#[test]
fn a_trial_without_the_metric_that_early_stopping_watches_fails_and_says_so() {
    let blind = |_: &Job, reporter: &mut dyn Reporter| {
        let _ = reporter.report(1, &[1.0], &no_metrics());
        Ok(vec![1.0])
    };
    let study = open(watching("accuracy", 2), MemoryStorage::new());
    study.run(&Attempted(blind), 1).unwrap();
    let history = study.history();
    assert_eq!(states(&history), [State::Failed]);
    let message = &trial(&history, 0).failure().unwrap().message;
    let said = "it ended without a report of `accuracy`, which early stopping watches";
    assert_eq!(message, said);
}
