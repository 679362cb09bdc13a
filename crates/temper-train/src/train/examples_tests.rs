//! Tests of whole runs on examples.

use std::fs;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;

use super::state::State;
use super::tests::{run_in, small};
use super::*;

/// Prompts of unequal lengths, and a label by a rule that is plain to see: the first letter of the
/// last word. With `valid`, other prompts.
pub(super) fn labelled(valid: usize) -> String {
    let words = ["ant", "bee", "cat", "ape", "bat", "cow"];
    let line = |index: usize| {
        let (first, middle) = (words[(index + valid) % 5], words[index / 2 % 6]);
        let last = words[index / 3 % 6];
        let prompt = match index % 3 {
            0 => format!("{last}:"),
            1 => format!("{first} {last}:"),
            _ => format!("{first} {middle} {last}:"),
        };
        let label = match &last[..1] {
            "a" => "apple",
            "b" => "banana",
            _ => "cherry",
        };
        format!("{{\"prompt\": \"{prompt}\", \"label\": \"{label}\"}}\n")
    };
    (0..200).map(line).collect()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("train.jsonl"), labelled(0)).unwrap();
    fs::write(folder.path().join("valid.jsonl"), labelled(1)).unwrap();
    folder
}

fn config() -> TrainConfig {
    TrainConfig {
        data: vec!["train.jsonl".into()],
        validation_data: vec!["valid.jsonl".into()],
        eval_tokens: None,
        ..small()
    }
}

fn run(config: &TrainConfig) -> (Summary, Vec<Report>) {
    run_in(folder().path(), config)
}

#[test]
fn a_rule_is_learned_from_chance_to_nearly_all_labels() {
    for packing in [false, true] {
        let config = TrainConfig {
            packing,
            max_steps: Some(if packing { 40 } else { 120 }),
            eval_steps: Some(1),
            eval_tokens: Some(400),
            ..config()
        };
        let (summary, reports) = run(&config);
        let (first, last) = (reports[0].accuracy.unwrap(), summary.accuracy.unwrap());
        assert!((0.1..0.6).contains(&first), "a third of the labels is chance: {first}");
        assert!(last > 0.95, "{last}, packing {packing}");
    }
}

#[test]
fn epochs_and_tokens_count_trained_tokens_of_rows() {
    let (summary, _) = run(&TrainConfig { max_steps: None, num_epochs: Some(2.0), ..config() });
    assert_eq!(summary.steps, 2 * 200 / 8);
    // Each label and its end of text, twice: every example was seen twice.
    let trained: usize =
        labelled(0).lines().map(|line| line.split('"').nth(7).expect("a label").len() + 1).sum();
    assert_eq!(summary.tokens, 2 * trained as u64);
    let tokens = Some(trained as u64);
    let (summary, _) = run(&TrainConfig { max_steps: None, train_tokens: tokens, ..config() });
    assert_eq!(summary.steps, 25);
}

/// The weights of a model, one after the other.
#[derive(Default)]
struct Weights(Vec<f32>);

impl ModuleVisitor for Weights {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.extend(param.val().into_data().try_to_vec::<f32>().unwrap());
    }
}

/// The weights and the mean loss after a step of `micro` sequences a pass.
fn after_a_step(config: &TrainConfig, micro: usize) -> (Vec<f32>, f64) {
    let folder = folder();
    let config = TrainConfig { micro_batch_size: Some(micro), ..config.clone() };
    let dataset = Dataset::load(&config, folder.path(), None).unwrap();
    let device = config.device.open().unwrap().autodiff();
    let state = State::new(&config, 10, &device, None, None).unwrap();
    let (mut state, _) = state.step(&dataset.train);
    let mut weights = Weights::default();
    state.evaluation_model().visit(&mut weights);
    state.look().unwrap();
    (weights.0, state.position.losses.mean())
}

#[test]
fn accumulation_gives_the_step_of_the_whole_batch_with_unequal_lengths() {
    // Steps in proportion to the gradient: Adam's first would depend on its sign alone.
    let config = TrainConfig {
        optimizer: crate::OptimizerKind::Sgd,
        learning_rate: 0.1,
        max_grad_norm: Some(0.0),
        ..config()
    };
    for packing in [false, true] {
        let config = TrainConfig { packing, ..config.clone() };
        let (whole, whole_loss) = after_a_step(&config, 8);
        let (start, _) = after_a_step(&TrainConfig { learning_rate: 1e-9, ..config.clone() }, 8);
        let distance = |left: &[f32], right: &[f32]| {
            let pairs = left.iter().zip(right);
            pairs.map(|(left, right)| (left - right).abs()).fold(0.0, f32::max)
        };
        assert!(distance(&whole, &start) > 1e-3);
        for micro in [4, 2, 1] {
            let (passes, loss) = after_a_step(&config, micro);
            assert!(distance(&whole, &passes) < 1e-6, "{}", distance(&whole, &passes));
            // The sum is of 32 bits: its last one is 6e-8 of it.
            assert!((loss / whole_loss - 1.0).abs() < 1e-6, "{loss} is not {whole_loss}");
        }
    }
}
