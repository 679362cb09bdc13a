//! Tests of runs that train a part of a pretrained model.

use std::collections::BTreeMap;
use std::fs;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;

use super::examples_tests::labelled;
use super::state::State;
use super::tests::run_in;
use super::*;
use crate::FinetuningType;
use crate::data::Dataset;
use crate::model::Model;

/// Two labels, which the tiny Llama does not know.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("train.jsonl"), labelled(0)).unwrap();
    fs::write(folder.path().join("valid.jsonl"), labelled(1)).unwrap();
    folder
}

fn tiny(form: &str) -> String {
    format!("{}/reference/tiny/{form}", env!("CARGO_MANIFEST_DIR"))
}

fn lora() -> TrainConfig {
    TrainConfig {
        data: vec!["train.jsonl".into()],
        validation_data: vec!["valid.jsonl".into()],
        base_model: Some(tiny("f32")),
        finetuning_type: FinetuningType::Lora,
        lora_rank: Some(4),
        max_seq_length: 40,
        batch_size: Some(8),
        learning_rate: 1e-2,
        max_steps: Some(4),
        eval_steps: Some(2),
        ..TrainConfig::default()
    }
}

fn last_layer() -> TrainConfig {
    TrainConfig {
        finetuning_type: FinetuningType::LastLayers,
        trained_layers: Some(1),
        lora_rank: None,
        ..lora()
    }
}

/// The numbers of every parameter, by its path.
#[derive(Default)]
struct Weights {
    path: Vec<String>,
    found: BTreeMap<String, Vec<f32>>,
}

impl ModuleVisitor for Weights {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let values = param.val().into_data().try_to_vec().unwrap();
        self.found.insert(self.path.join("."), values);
    }
}

fn weights(model: &Model) -> BTreeMap<String, Vec<f32>> {
    let mut weights = Weights::default();
    model.visit(&mut weights);
    weights.found
}

/// The weights that the model is evaluated with, before and after some steps, and the number of
/// those that are trained.
fn around_steps(config: &TrainConfig, steps: usize) -> (Model, Model, u64) {
    let folder = folder();
    let (config, pretrained) = config.complete(folder.path()).unwrap();
    let dataset = Dataset::load(&config, folder.path(), pretrained.as_ref()).unwrap();
    let device = config.device.open().unwrap().autodiff();
    let mut state = State::new(&config, 10, &device, pretrained.as_ref(), None).unwrap();
    let before = state.evaluation_model();
    for _ in 0..steps {
        state = state.step(&dataset.train).0;
    }
    (before, state.evaluation_model(), config.num_trained_parameters())
}

#[test]
fn only_what_is_trained_changes() {
    type IsTrained = fn(&str) -> bool;
    let is_adapter: IsTrained = |path| path.contains(".lora.");
    let is_last: IsTrained = |path| path.starts_with("layers.1.") || path.starts_with("norm.");
    let cases: [(TrainConfig, IsTrained); 5] = [
        (lora(), is_adapter),
        (TrainConfig { use_dora: true, ema_decay: Some(0.5), ..lora() }, is_adapter),
        (
            TrainConfig {
                optimizer: crate::OptimizerKind::ScheduleFreeAdamW,
                trained_layers: Some(1),
                ..lora()
            },
            |path| path.starts_with("layers.1.") && path.contains(".lora."),
        ),
        (last_layer(), is_last),
        (TrainConfig { ema_decay: Some(0.5), ..last_layer() }, is_last),
    ];
    for (config, is_trained) in cases {
        let (before, after, trained) = around_steps(&config, 2);
        let (before, after) = (weights(&before), weights(&after));
        let mut numbers = 0;
        for (path, weights) in &before {
            assert_eq!(after[path] != *weights, is_trained(path), "{path}");
            numbers += if is_trained(path) { weights.len() as u64 } else { 0 };
        }
        assert_eq!(numbers, trained);
    }
}

#[test]
fn adapters_change_nothing_at_first_and_merging_them_never() {
    let tokens =
        || burn::tensor::Tensor::from_data([[5, 80, 3, 200, 7]], &burn::tensor::Device::flex());
    let difference = |left: &Model, right: &Model| {
        let logits = |model: &Model| model.forward(tokens(), None);
        (logits(left) - logits(right)).abs().max().into_scalar::<f32>()
    };
    let full = TrainConfig { finetuning_type: FinetuningType::Full, lora_rank: None, ..lora() };
    let (pretrained, ..) = around_steps(&full, 0);
    let cases = [
        lora(),
        TrainConfig { use_dora: true, ..lora() },
        TrainConfig { use_rslora: true, lora_alpha: Some(3.0), ..lora() },
    ];
    for config in cases {
        let (before, after, _) = around_steps(&config, 3);
        assert!(difference(&pretrained, &before) < 1e-5);
        assert!(difference(&before, &after) > 1e-2);
        assert!(difference(&after, &after.clone().merged()) < 1e-5);
    }
}

#[test]
fn adapters_lower_the_loss_and_raise_the_accuracy() {
    let config = TrainConfig { max_steps: Some(120), eval_steps: Some(10), ..lora() };
    let (summary, reports) = run_in(folder().path(), &config);
    assert!(summary.trained_parameters * 3 < summary.parameters);
    let first = &reports[0];
    assert!(summary.eval_loss < 0.5 * first.eval_loss, "{first:?}, {summary:?}");
    assert!(summary.accuracy > first.accuracy.map(|first| first + 0.3), "{first:?}, {summary:?}");
}

#[test]
fn a_resumed_run_equals_an_uninterrupted_one_and_keeps_only_what_it_trains() {
    let cases = [
        TrainConfig { lora_dropout: Some(0.2), ..lora() },
        TrainConfig { use_dora: true, ema_decay: Some(0.9), ..lora() },
        last_layer(),
    ];
    for config in cases {
        let folder = folder();
        let whole = run_in(folder.path(), &config);
        let checkpoints = Checkpoints::new(folder.path().join("checkpoints"));
        let config = TrainConfig { save_steps: Some(1), ..config };
        let run = || Run::new(&config, folder.path()).with_checkpoints(checkpoints.clone());
        let mut reports = Vec::new();
        run()
            .train(&mut |report| {
                reports.push(report.clone());
                ControlFlow::Break(())
            })
            .unwrap();
        let resumed = run().resume().train(&mut |report| {
            reports.push(report.clone());
            ControlFlow::Continue(())
        });
        let resumed = resumed.unwrap();
        assert_eq!(resumed.resumed_at, Some(2));
        assert_eq!(resumed.eval_loss, whole.0.eval_loss);
        let losses = |reports: &[Report]| -> Vec<_> {
            reports.iter().map(|report| (report.eval_loss, report.train_loss)).collect()
        };
        assert_eq!(losses(&reports), losses(&whole.1));
        let bytes = fs::metadata(resumed.checkpoint.unwrap()).unwrap().len();
        // The weights, the optimizer's two means, perhaps an average; the header and paddings.
        assert!(bytes < 4 * 4 * resumed.trained_parameters + 100_000, "{bytes}");
    }
}

#[test]
fn a_checkpoint_does_not_go_on_from_other_weights_or_as_something_else() {
    let folder = folder();
    let checkpoints = Checkpoints::new(folder.path().join("checkpoints"));
    let run = |config: &TrainConfig| {
        let run = Run::new(config, folder.path()).with_checkpoints(checkpoints.clone());
        run.resume().train(&mut |_| ControlFlow::Continue(()))
    };
    run(&lora()).unwrap();
    let cases = [
        (TrainConfig { base_model: Some(tiny("bf16")), ..lora() }, "base_model"),
        (TrainConfig { lora_rank: Some(2), ..lora() }, "lora_rank"),
        (TrainConfig { lora_alpha: Some(1.0), ..lora() }, "lora_alpha"),
        (TrainConfig { use_dora: true, ..lora() }, "use_dora"),
        (last_layer(), "finetuning_type"),
    ];
    for (config, key) in cases {
        let error = run(&config).unwrap_err();
        assert_eq!(error.key(), Some(key), "{error}");
        assert!(error.help().is_some());
    }
}
