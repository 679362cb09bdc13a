//! Tests of runs that are interrupted and go on.

use std::fs;

use super::tests::{folder, small};
use super::*;
use crate::OptimizerKind;
use crate::checkpoint::Position;

/// The losses of reports, bit for bit, by step.
type Bits = Vec<(u64, [u64; 3])>;

fn bits(report: &Report) -> (u64, [u64; 3]) {
    (report.step, [report.eval_loss, report.train_loss, report.grad_norm].map(f64::to_bits))
}

/// Trains as far as `run` goes, and collects what it reports.
fn go(run: &Run<'_>, reports: &mut Bits) -> Summary {
    run.train(&mut |report| {
        reports.push(bits(report));
        ControlFlow::Continue(())
    })
    .unwrap()
}

fn accumulating() -> TrainConfig {
    TrainConfig { micro_batch_size: Some(2), max_steps: Some(7), ..small() }
}

#[test]
fn a_run_interrupted_after_every_step_reports_the_same_bit_for_bit() {
    interrupt_after_every_step(&accumulating());
}

#[test]
fn so_does_one_with_dropout() {
    interrupt_after_every_step(&TrainConfig {
        dropout: 0.2,
        attention_dropout: 0.1,
        ..accumulating()
    });
}

#[test]
fn so_does_one_that_evaluates_an_average_of_the_weights() {
    interrupt_after_every_step(&TrainConfig { ema_decay: Some(0.8), ..accumulating() });
}

#[test]
fn an_average_begins_where_a_run_without_one_is_gone_on_from() {
    let (text, kept) = (folder(), tempfile::tempdir().unwrap());
    let config = TrainConfig { max_steps: Some(3), ..small() };
    let run = Run::new(&config, text.path()).with_checkpoints(Checkpoints::new(kept.path()));
    let from = go(&run, &mut Vec::new()).checkpoint.unwrap();
    let losses = |ema_decay| {
        let config = TrainConfig { ema_decay, max_steps: Some(4), ..small() };
        let mut reports = Vec::new();
        go(&Run::new(&config, text.path()).fork(&from), &mut reports);
        reports
    };
    // The average of one step is that step's weights.
    assert_eq!(losses(Some(0.9)), losses(None));
}

fn interrupt_after_every_step(config: &TrainConfig) {
    let (text, kept) = (folder(), tempfile::tempdir().unwrap());
    let (mut whole, mut pieces) = (Vec::new(), Vec::new());
    go(&Run::new(config, text.path()), &mut whole);

    let stop = AtomicBool::new(true);
    let run = Run::new(config, text.path()).with_checkpoints(Checkpoints::new(kept.path()));
    let run = run.resume().stop_when(&stop);
    for step in 1..=7 {
        let summary = go(&run, &mut pieces);
        assert_eq!((summary.steps, summary.stopped_early), (step, step < 7));
        assert_eq!(summary.resumed_at, (step > 1).then_some(step - 1));
    }
    assert_eq!(pieces, whole);
    assert_eq!(pieces.iter().map(|(step, _)| *step).collect::<Vec<_>>(), [3, 6, 7]);
    // All steps are done: nothing is left but to say what came out.
    let summary = go(&run, &mut pieces);
    assert_eq!(summary.steps, 7);
    assert_eq!(summary.eval_loss.to_bits(), whole[2].1[0]);
    assert_eq!(pieces.len(), 3);
}

#[test]
fn a_run_on_examples_goes_on_in_the_middle_of_an_epoch_bit_for_bit() {
    for packing in [false, true] {
        let (examples, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let line = |index: usize| {
            let completion = "ab".repeat(1 + index % 5);
            format!("{{\"prompt\": \"{index}\", \"completion\": \"{completion}\"}}\n")
        };
        let lines: String = (0..60).map(line).collect();
        fs::write(examples.path().join("all.jsonl"), lines).unwrap();
        // An epoch is 54 rows, or about a third of them packed; a step is 8.
        let data = vec!["all.jsonl".into()];
        let config = TrainConfig { data, packing, ..accumulating() };
        let (mut whole, mut pieces) = (Vec::new(), Vec::new());
        go(&Run::new(&config, examples.path()), &mut whole);
        let stop = AtomicBool::new(true);
        let run = Run::new(&config, examples.path());
        let run = run.with_checkpoints(Checkpoints::new(kept.path())).resume().stop_when(&stop);
        (0..7).for_each(|_| drop(go(&run, &mut pieces)));
        assert_eq!(pieces, whole);
        assert_eq!(whole.len(), 3);
    }
}

#[test]
fn a_position_without_what_later_versions_added_is_read() {
    let text = r#"{"steps": 3, "tokens": 9, "loss_sum": 1.5, "averaged": 2, "loss_tokens": 6,
                   "eval_loss": 2.5, "accuracy": null}"#;
    let position: Position = serde_json::from_str(text).unwrap();
    assert_eq!((position.steps, position.averaged, position.losses.mean()), (3, 2, 0.25));
    let again = serde_json::to_string(&position).unwrap();
    assert_eq!(serde_json::from_str::<Position>(&again).unwrap(), position);
}

#[test]
fn every_optimizer_goes_on_as_if_it_had_not_been_interrupted() {
    let text = folder();
    for optimizer in OptimizerKind::ALL {
        let kept = tempfile::tempdir().unwrap();
        let config = TrainConfig { optimizer, max_steps: Some(4), ..accumulating() };
        let (mut whole, mut pieces) = (Vec::new(), Vec::new());
        go(&Run::new(&config, text.path()), &mut whole);
        let stop = AtomicBool::new(true);
        let run = Run::new(&config, text.path()).with_checkpoints(Checkpoints::new(kept.path()));
        let run = run.resume().stop_when(&stop);
        (0..4).for_each(|_| drop(go(&run, &mut pieces)));
        assert_eq!(pieces, whole, "{}", optimizer.name());
    }
}

#[test]
fn checkpoints_are_saved_at_their_interval_and_the_newest_two_are_kept() {
    let (text, kept) = (folder(), tempfile::tempdir().unwrap());
    let config = TrainConfig { save_steps: Some(2), ..accumulating() };
    let checkpoints = Checkpoints::new(kept.path().join("of/this/run"));
    let run = Run::new(&config, text.path()).with_checkpoints(checkpoints.clone());
    let summary = go(&run, &mut Vec::new());
    let files = checkpoints.files().unwrap();
    let names: Vec<_> = files.iter().map(|file| file.file_name().unwrap()).collect();
    assert_eq!(names, ["step-000000007.checkpoint", "step-000000006.checkpoint"]);
    assert_eq!(summary.checkpoint.as_ref(), files.first());
}

#[test]
fn a_checkpoint_cut_short_is_passed_over_and_named() {
    let (text, kept) = (folder(), tempfile::tempdir().unwrap());
    let config = TrainConfig { save_steps: Some(2), ..accumulating() };
    let checkpoints = Checkpoints::new(kept.path());
    let run = Run::new(&config, text.path()).with_checkpoints(checkpoints.clone()).resume();
    go(&run, &mut Vec::new());
    let files = checkpoints.files().unwrap();
    let whole = fs::read(&files[0]).unwrap();
    fs::write(kept.path().join("step-000000009.partial"), &whole[..9]).unwrap();
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for damaged in [&whole[..0], &whole[..40], &whole[..whole.len() - 1], &flipped] {
        fs::write(&files[0], damaged).unwrap();
        let summary = go(&run, &mut Vec::new());
        assert_eq!(summary.resumed_at, Some(6));
        assert_eq!(summary.damaged_checkpoints, files[..1]);
        assert!(Checkpoint::read(&files[0]).is_ok(), "it was written again");
    }

    for file in &files {
        fs::write(file, &whole[..100]).unwrap();
    }
    let error = run.train(&mut |_| ControlFlow::Continue(())).unwrap_err();
    assert!(error.to_string().contains("none of these is a whole checkpoint"), "{error}");
    for file in &files {
        assert!(error.to_string().contains(&file.display().to_string()), "{error}");
    }
    assert!(error.help().unwrap().contains("from scratch"));
}

#[test]
fn a_fork_of_a_folder_begins_at_its_newest_whole_checkpoint() {
    let (text, kept) = (folder(), tempfile::tempdir().unwrap());
    let config = TrainConfig { save_steps: Some(2), ..accumulating() };
    let checkpoints = Checkpoints::new(kept.path());
    go(&Run::new(&config, text.path()).with_checkpoints(checkpoints.clone()), &mut Vec::new());
    let files = checkpoints.files().unwrap();
    fs::write(&files[0], "cut short").unwrap();
    let summary = go(&Run::new(&config, text.path()).fork(kept.path()), &mut Vec::new());
    assert_eq!(summary.resumed_at, Some(6));
    assert_eq!(summary.damaged_checkpoints, files[..1]);

    let empty = tempfile::tempdir().unwrap();
    let run = Run::new(&config, text.path()).fork(empty.path());
    let error = run.train(&mut |_| ControlFlow::Continue(())).unwrap_err();
    assert!(error.to_string().contains("there is none in"), "{error}");
}

#[test]
fn another_runs_checkpoint_is_gone_on_from_with_other_settings_of_the_same_model() {
    let (text, kept) = (folder(), tempfile::tempdir().unwrap());
    let config = TrainConfig { max_steps: Some(3), ..small() };
    let run = Run::new(&config, text.path()).with_checkpoints(Checkpoints::new(kept.path()));
    let mut reports = Vec::new();
    let from = go(&run, &mut reports).checkpoint.unwrap();

    let fork = |config: &TrainConfig| {
        let mut reports = Vec::new();
        let summary = go(&Run::new(config, text.path()).fork(&from), &mut reports);
        assert_eq!(summary.resumed_at, Some(3));
        reports
    };
    let slow = TrainConfig { learning_rate: 1e-4, ..small() };
    let fast = TrainConfig { learning_rate: 1e-2, batch_size: Some(4), ..small() };
    assert_eq!(fork(&slow), fork(&slow));
    assert_ne!(fork(&slow), fork(&fast));

    let mup = TrainConfig { parametrization: crate::Parametrization::Mup, ..small() };
    let run = Run::new(&mup, text.path()).fork(&from);
    let error = run.train(&mut |_| ControlFlow::Continue(())).unwrap_err();
    assert!(error.to_string().contains("`parametrization`: the checkpoint has standard"));

    let wider = TrainConfig { hidden_size: 64, ..small() };
    let run = Run::new(&wider, text.path()).fork(&from);
    let error = run.train(&mut |_| ControlFlow::Continue(())).unwrap_err();
    assert_eq!(error.key(), Some("hidden_size"));
    assert_eq!(
        error.to_string(),
        "checkpoint: `hidden_size`: the checkpoint has 32, and this run 64"
    );
}

#[test]
fn a_checkpoint_of_a_newer_version_and_a_missing_one_are_errors() {
    let (text, kept) = (folder(), tempfile::tempdir().unwrap());
    let file = kept.path().join("step-000000001.checkpoint");
    fs::write(&file, "{\"format\": 99, \"what\": 1}\n").unwrap();
    let config = small();
    let refused = |run: Run<'_>| run.train(&mut |_| ControlFlow::Continue(())).unwrap_err();
    let newest = Run::new(&config, text.path()).with_checkpoints(Checkpoints::new(kept.path()));
    assert!(refused(newest.resume()).to_string().contains("has format 99"));
    let missing = Run::new(&config, text.path()).fork(kept.path().join("missing"));
    let error = refused(missing).to_string();
    assert!(error.contains("missing"), "{error}");
}

#[test]
fn a_fork_that_leaves_no_step_is_an_error_and_not_the_old_result() {
    let (text, kept) = (folder(), tempfile::tempdir().unwrap());
    let config = TrainConfig { max_steps: Some(3), ..small() };
    let checkpoints = Checkpoints::new(kept.path());
    let run = Run::new(&config, text.path()).with_checkpoints(checkpoints.clone());
    let from = go(&run, &mut Vec::new()).checkpoint.unwrap();
    for max_steps in [2, 3] {
        let config = TrainConfig { max_steps: Some(max_steps), ..small() };
        let fork = Run::new(&config, text.path()).fork(&from);
        let error = fork.train(&mut |_| ControlFlow::Continue(())).unwrap_err();
        let expected =
            format!("the checkpoint is of step 3, and this run ends at step {max_steps}");
        assert_eq!(error.to_string(), expected);
        assert!(error.help().unwrap().contains("beyond step 3"));
    }
    // A run that is complete may be gone on from: there is nothing to do.
    assert_eq!(go(&run.resume(), &mut Vec::new()).steps, 3);
}

#[test]
fn two_runs_do_not_write_to_one_folder() {
    let (text, kept) = (folder(), tempfile::tempdir().unwrap());
    let config = TrainConfig { max_steps: Some(2), eval_steps: Some(1), ..small() };
    let checkpoints = Checkpoints::new(kept.path());
    let run = || Run::new(&config, text.path()).with_checkpoints(checkpoints.clone()).resume();
    let mut refusals = Vec::new();
    run()
        .train(&mut |_| {
            let second = run().train(&mut |_| ControlFlow::Continue(()));
            refusals.push(second.unwrap_err().to_string());
            ControlFlow::Continue(())
        })
        .unwrap();
    let expected = format!("checkpoint: `{}` is in use by another run", kept.path().display());
    assert_eq!(refusals, [expected.clone(), expected]);
}
