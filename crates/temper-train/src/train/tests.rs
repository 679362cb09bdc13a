//! Tests of whole runs, on a small generated text.

use std::fs;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::data::{HeldOut, HeldOutText};
use crate::{Device, OptimizerKind, Precision, TokenizerKind};

const WORDS: [&str; 8] = ["loss", "falls", "while", "the", "model", "learns", "its", "words"];

/// Sentences of words in random order: much to learn within words, nothing between them.
fn text() -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let words: Vec<&str> =
        (0..4_000).map(|_| WORDS[rng.random_range(0..WORDS.len() as u64) as usize]).collect();
    words.join(" ")
}

pub(super) fn small() -> TrainConfig {
    TrainConfig {
        data: vec!["*.txt".into()],
        hidden_size: 32,
        num_layers: 2,
        num_heads: 2,
        max_seq_length: 32,
        learning_rate: 1e-2,
        batch_size: Some(8),
        max_steps: Some(6),
        eval_steps: Some(3),
        eval_tokens: Some(500),
        ..TrainConfig::default()
    }
}

pub(super) fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("words.txt"), text()).unwrap();
    folder
}

fn run(config: &TrainConfig) -> (Summary, Vec<Report>) {
    run_in(folder().path(), config)
}

/// What a run on the data in a folder comes to, and its reports.
pub(super) fn run_in(folder: &Path, config: &TrainConfig) -> (Summary, Vec<Report>) {
    let mut reports = Vec::new();
    let summary = train(config, folder, &mut |report| {
        reports.push(report.clone());
        ControlFlow::Continue(())
    })
    .unwrap();
    (summary, reports)
}

/// The entropy of single held-out tokens, in nats: what knowing their frequencies alone costs.
fn unigram_entropy(config: &TrainConfig) -> f64 {
    let folder = folder();
    let dataset = Dataset::load(config, folder.path(), None).unwrap();
    let HeldOut::Text(HeldOutText { tokens, .. }) = dataset.held_out else { unreachable!() };
    let mut counts = std::collections::BTreeMap::new();
    for token in &tokens {
        *counts.entry(*token).or_insert(0.0) += 1.0;
    }
    let total = tokens.len() as f64;
    counts.values().map(|count: &f64| -count / total * (count / total).ln()).sum()
}

#[test]
fn a_run_learns_more_than_the_frequencies_of_tokens() {
    for tokenizer in [TokenizerKind::Bytes, TokenizerKind::Bpe] {
        let vocab_size = (tokenizer == TokenizerKind::Bpe).then_some(262);
        let config =
            TrainConfig { tokenizer, vocab_size, max_steps: Some(60), eval_steps: None, ..small() };
        let (summary, reports) = run(&config);
        let entropy = unigram_entropy(&config);
        assert!(summary.eval_loss < 0.6 * entropy, "{} of {entropy}", summary.eval_loss);
        assert_eq!(reports.len(), 10);
        assert_eq!(summary.eval_loss, reports[9].eval_loss);
    }
}

#[test]
fn every_optimizer_learns_more_than_the_frequencies_of_tokens() {
    let entropy = unigram_entropy(&small());
    for optimizer in OptimizerKind::ALL {
        let learning_rate = match optimizer {
            OptimizerKind::Sgd => 0.3,
            OptimizerKind::Lion => 3e-3,
            OptimizerKind::Adafactor => 0.1,
            _ => 1e-2,
        };
        let config = TrainConfig {
            optimizer,
            learning_rate,
            max_steps: Some(60),
            eval_steps: Some(60),
            ..small()
        };
        let (summary, _) = run(&config);
        println!("{}: {} of {entropy}", optimizer.name(), summary.eval_loss);
        assert!(summary.eval_loss < 0.9 * entropy, "{}: {}", optimizer.name(), summary.eval_loss);
    }
}

#[test]
fn the_same_seed_gives_the_same_losses_bit_for_bit_and_another_seed_others() {
    let losses = |seed| -> Vec<[u64; 3]> {
        let (_, reports) = run(&TrainConfig { seed, ..small() });
        let bits = |report: &Report| {
            [report.eval_loss, report.train_loss, report.grad_norm].map(f64::to_bits)
        };
        reports.iter().map(bits).collect()
    };
    let first = losses(1);
    assert_eq!(first, losses(1));
    assert_ne!(first, losses(2));
}

#[test]
fn a_penalty_on_the_logits_changes_the_weights_but_not_what_a_loss_means() {
    let (_, plain) = run(&TrainConfig { max_steps: Some(1), ..small() });
    let (_, penalised) = run(&TrainConfig { z_loss: 0.5, max_steps: Some(1), ..small() });
    // The one is computed in blocks of tokens, the other from all logits.
    assert!((plain[0].train_loss - penalised[0].train_loss).abs() < 1e-5);
    assert_ne!(plain[0].eval_loss, penalised[0].eval_loss);
}

#[test]
fn an_average_of_the_weights_is_evaluated_and_training_goes_on_without_it() {
    let (_, plain) = run(&small());
    let (_, averaged) = run(&TrainConfig { ema_decay: Some(0.9), ..small() });
    assert_eq!(plain[1].train_loss, averaged[1].train_loss);
    assert_ne!(plain[1].eval_loss, averaged[1].eval_loss);
}

#[test]
fn accumulation_trains_as_the_whole_batch_does() {
    let (whole, _) = run(&small());
    let (passes, _) = run(&TrainConfig { micro_batch_size: Some(2), ..small() });
    assert_eq!(whole.tokens, passes.tokens);
    // Sums in another order: rounding alone, grown over six steps.
    assert!((whole.eval_loss - passes.eval_loss).abs() < 1e-3);
}

#[test]
fn reports_come_at_every_interval_and_at_the_last_step() {
    let (summary, reports) =
        run(&TrainConfig { max_steps: Some(5), eval_steps: Some(2), ..small() });
    let steps: Vec<u64> = reports.iter().map(|report| report.step).collect();
    assert_eq!(steps, [2, 4, 5]);
    assert_eq!(reports[2].tokens, 5 * 8 * 32);
    assert_eq!((summary.steps, summary.tokens), (5, 5 * 8 * 32));
    assert!(!summary.stopped_early);
    for report in &reports {
        let bits = report.eval_loss / std::f64::consts::LN_2;
        assert!((report.bits_per_byte - bits).abs() < 1e-9);
        assert!((report.perplexity.ln() - report.eval_loss).abs() < 1e-9);
        assert!(report.tokens_per_second > 0.0 && report.grad_norm > 0.0);
    }
}

#[test]
fn the_observer_can_stop_a_run() {
    let folder = folder();
    let summary = train(&small(), folder.path(), &mut |_| ControlFlow::Break(())).unwrap();
    assert!(summary.stopped_early);
    assert_eq!(summary.steps, 3);
}

#[test]
fn a_loss_that_is_not_finite_is_an_error_with_the_step() {
    let folder = folder();
    let config = TrainConfig { learning_rate: 1e30, max_steps: Some(40), ..small() };
    let config = TrainConfig { eval_steps: Some(40), ..config };
    let error = train(&config, folder.path(), &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(error, TrainError::Diverged { step: 3, .. }), "{error}");
}

#[cfg(not(feature = "cuda"))]
#[test]
fn a_device_that_is_not_built_is_an_error() {
    let config = TrainConfig { device: Device::Cuda(0), ..small() };
    let error = train(&config, Path::new("."), &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert_eq!(error.to_string(), "`device`: this build has no `cuda`");
}

#[test]
fn half_precision_trains_almost_as_well_as_whole() {
    // At a learning rate that is not at the edge, where a rounding would become another run.
    let config = TrainConfig { learning_rate: 3e-3, max_steps: Some(60), ..small() };
    let (whole, _) = run(&config);
    let (half, _) = run(&TrainConfig { precision: Precision::Bf16, ..config });
    assert_ne!(half.eval_loss, whole.eval_loss);
    // One rounding is by 2^-9 = 0.2 %, and those of many numbers cancel.
    let (half, whole) = (half.eval_loss, whole.eval_loss);
    assert!((half / whole - 1.0).abs() < 2e-3, "{half} {whole}");
}
