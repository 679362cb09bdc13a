//! Tests of runs that keep the checkpoint of their best evaluation.

use std::fs;
use std::os::unix::fs::MetadataExt;

use super::tests::{folder, small};
use super::*;
use crate::WeightType;

/// A run of 8 steps with 4 evaluations, whose loss falls.
fn config() -> TrainConfig {
    TrainConfig { max_steps: Some(8), eval_steps: Some(2), ..small() }
}

/// Trains until `observe` says otherwise, and keeps the best by this.
fn train(
    config: &TrainConfig,
    checkpoints: &Checkpoints,
    by: &str,
    observe: &mut dyn FnMut(&Report) -> ControlFlow<()>,
) -> Vec<f64> {
    let text = folder();
    let run = Run::new(config, text.path()).with_checkpoints(checkpoints.clone()).resume();
    let mut losses = Vec::new();
    run.keep_best(by.parse().expect("it is a metric"))
        .train(&mut |report| {
            losses.push(report.eval_loss);
            observe(report)
        })
        .expect("it trains");
    losses
}

fn to_the_end(_: &Report) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn best(checkpoints: &Checkpoints) -> Checkpoint {
    Checkpoint::read(&checkpoints.best().expect("it is kept")).expect("it is whole")
}

#[test]
fn the_best_evaluations_checkpoint_outlives_those_of_later_steps() {
    let kept = tempfile::tempdir().unwrap();
    let checkpoints = Checkpoints::new(kept.path());
    let config = TrainConfig { save_steps: Some(1), ..config() };
    // The highest loss is that of the first evaluation.
    let losses = train(&config, &checkpoints, "eval_loss:maximize", &mut to_the_end);
    let position = best(&checkpoints).position;
    assert_eq!((position.steps, position.report.map(|it| it.eval_loss)), (2, Some(losses[0])));
    let names = checkpoints.files().unwrap();
    let names: Vec<_> = names.iter().map(|file| file.file_name().unwrap().to_owned()).collect();
    assert_eq!(names, ["step-000000008.checkpoint", "step-000000007.checkpoint"]);
    checkpoints.clear().unwrap();
    assert_eq!(checkpoints.best(), None);
}

#[test]
fn a_checkpoint_that_is_saved_anyway_is_not_written_twice() {
    let kept = tempfile::tempdir().unwrap();
    let checkpoints = Checkpoints::new(kept.path());
    train(&config(), &checkpoints, "eval_loss", &mut to_the_end);
    let newest = fs::metadata(&checkpoints.files().unwrap()[0]).unwrap();
    let best = fs::metadata(checkpoints.best().unwrap()).unwrap();
    assert_eq!(newest.ino(), best.ino());
}

#[test]
fn without_being_asked_no_run_keeps_it() {
    let (text, kept) = (folder(), tempfile::tempdir().unwrap());
    let checkpoints = Checkpoints::new(kept.path());
    let config = config();
    let run = Run::new(&config, text.path()).with_checkpoints(checkpoints.clone());
    run.train(&mut to_the_end).unwrap();
    assert_eq!(checkpoints.best(), None);
}

#[test]
fn an_interrupted_run_remembers_its_best_and_goes_on_from_it_where_it_is_the_newest() {
    let kept = tempfile::tempdir().unwrap();
    let checkpoints = Checkpoints::new(kept.path());
    let mut whole = train(&config(), &checkpoints, "eval_loss:maximize", &mut to_the_end);
    checkpoints.clear().unwrap();
    let mut stop_at_four = |report: &Report| match report.step {
        4 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    train(&config(), &checkpoints, "eval_loss:maximize", &mut stop_at_four);
    train(&config(), &checkpoints, "eval_loss:maximize", &mut to_the_end);
    assert_eq!(best(&checkpoints).position.steps, 2, "step 6 is no better");
    // As after a kill: nothing but the best is there.
    for file in checkpoints.files().unwrap() {
        fs::remove_file(file).unwrap();
    }
    let rest = train(&config(), &checkpoints, "eval_loss:maximize", &mut to_the_end);
    assert_eq!(rest, whole.split_off(1));
}

#[test]
fn a_run_ends_where_patience_does_also_when_it_was_interrupted_before() {
    let text = folder();
    let config = TrainConfig { max_steps: Some(20), eval_steps: Some(1), ..config() };
    // No evaluation after the first is the highest: three of them are waited for.
    let patience = Patience { evaluations: 3, min_delta: 0.0 };
    for interrupted in [None, Some(2), Some(3)] {
        let kept = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::new(kept.path());
        let run = Run::new(&config, text.path()).with_checkpoints(checkpoints.clone()).resume();
        let run = run.keep_best("eval_loss:maximize".parse().unwrap()).end_early(patience);
        if let Some(step) = interrupted {
            let mut stop = |report: &Report| match report.step == step {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            };
            let summary = run.train(&mut stop).unwrap();
            assert!(summary.stopped_early && !summary.out_of_patience);
        }
        for _ in 0..2 {
            let summary = run.train(&mut to_the_end).unwrap();
            let ends = (summary.steps, summary.out_of_patience, summary.stopped_early);
            assert_eq!(ends, (4, true, false), "{interrupted:?}");
        }
        assert_eq!(best(&checkpoints).position.steps, 1);
    }
}

#[test]
fn the_best_is_what_is_exported_from_a_folder() {
    let (kept, exported) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let checkpoints = Checkpoints::new(kept.path());
    train(&config(), &checkpoints, "eval_loss:maximize", &mut to_the_end);
    let written = |from: &Path, name: &str| {
        let to = exported.path().join(name);
        export(from, Path::new("/"), &to, WeightType::F32).unwrap();
        fs::read(to.join("model.safetensors")).unwrap()
    };
    let of_folder = written(kept.path(), "folder");
    assert!(of_folder == written(&checkpoints.best().unwrap(), "best"));
    assert!(of_folder != written(&checkpoints.files().unwrap()[0], "newest"));
}
