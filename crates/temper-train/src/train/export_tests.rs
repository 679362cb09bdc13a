//! Tests of exported runs against transformers (`reference/export.py`), and of every error.

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;

use serde_json::Value;

use super::*;
use crate::{Architecture, Device, PretrainedModel, Sampling, WeightType};

/// What 32 bits leave after some steps at a high learning rate, on another processor too.
const TOLERANCE: f64 = 1e-4;

fn reference() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("reference")
}

fn expected() -> Value {
    serde_json::from_str(&fs::read_to_string(reference().join("exported.json")).unwrap()).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn tokens(list: &Value) -> Vec<u32> {
    numbers(list).into_iter().map(|token| token as u32).collect()
}

/// A folder with the texts of the reference.
fn folder(expected: &Value) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["train", "valid"] {
        fs::write(folder.path().join(format!("{name}.txt")), text(&expected[name])).unwrap();
    }
    folder
}

fn config(case: &Value) -> TrainConfig {
    TrainConfig::from_toml(text(&case["settings"])).unwrap()
}

fn run(config: &TrainConfig, folder: &Path) -> Summary {
    let run = Run::new(config, folder).with_checkpoints(Checkpoints::new(folder.join("kept")));
    run.train(&mut |_| ControlFlow::Continue(())).unwrap()
}

fn load(folder: &Path) -> PretrainedModel {
    PretrainedModel::load(folder, Device::Cpu).unwrap()
}

/// The largest difference from the logarithms after the first and the last of a case's tokens.
fn difference(model: &PretrainedModel, case: &Value) -> f64 {
    let tokens = tokens(&case["tokens"]);
    let rows = case["log_probabilities"].as_array().unwrap();
    let all = model.all_log_probabilities(&tokens).unwrap();
    let width = all.len() / tokens.len();
    let pairs = [(&rows[0], &all[..width]), (&rows[1], &all[all.len() - width..])];
    let differences = pairs.into_iter().flat_map(|(theirs, ours)| {
        let theirs = numbers(theirs);
        assert_eq!(theirs.len(), ours.len());
        ours.iter().zip(theirs).map(|(ours, theirs)| (f64::from(*ours) - theirs).abs())
    });
    differences.collect::<Vec<_>>().into_iter().fold(0.0, f64::max)
}

#[test]
fn an_exported_run_is_to_transformers_the_model_that_it_evaluated() {
    let expected = expected();
    for (name, case) in expected["exported"].as_object().unwrap() {
        let folder = folder(&expected);
        let config = config(case);
        let summary = run(&config, folder.path());
        // transformers found this loss with the exported weights and tokenizer.
        let loss = case["eval_loss"].as_f64().unwrap();
        assert!((summary.eval_loss - loss).abs() < TOLERANCE, "{name}: {}", summary.eval_loss);

        // The text may change: what it came to is beside the checkpoints.
        fs::write(folder.path().join("train.txt"), "another text").unwrap();
        let out = folder.path().join("model");
        export(&folder.path().join("kept"), folder.path(), &out, WeightType::F32).unwrap();
        let kept = folder.path().join("kept");
        let newest = Checkpoints::new(&kept).files().unwrap().remove(0);
        let load_any =
            |path: &Path| PretrainedModel::load_any(path, folder.path(), Device::Cpu).unwrap();
        let models = [load(&out), load_any(&out), load_any(&kept), load_any(&newest)];
        let prints = models.each_ref().map(|model| model.fingerprint().unwrap());
        assert_eq!((&prints[0], &prints[2]), (&prints[1], &prints[3]), "{name}");
        // transformers' GPT-2 has more weights: copies of each group's keys and values.
        let is_ungrouped =
            config.architecture == Architecture::Gpt2 && config.kv_heads() < config.num_heads;
        assert_eq!(prints[0] != prints[2], is_ungrouped, "{name}");
        for model in models {
            let difference = difference(&model, case);
            assert!(difference < TOLERANCE, "{name}: {difference}");
            let encoding = model.tokenizer().encode(text(&expected["valid"]), true).unwrap();
            let tokens = tokens(&case["tokens"]);
            assert_eq!(encoding.get_ids()[..tokens.len()], tokens, "{name}");
            let on = &mut |_| ControlFlow::Continue(());
            assert_eq!(model.generate(&tokens, 4, &Sampling::default(), on).unwrap().len(), 4);
        }
    }
}

#[test]
fn models_of_transformers_have_the_same_probabilities_and_greedy_text_here_and_after_an_export() {
    let expected = expected();
    let again = tempfile::tempdir().unwrap();
    for (name, case) in expected["drawn"].as_object().unwrap() {
        let drawn = load(&reference().join("drawn").join(name));
        let out = again.path().join(name);
        drawn.save_pretrained(&out, WeightType::F32).unwrap();
        for model in [drawn, load(&out)] {
            let difference = difference(&model, case);
            assert!(difference < TOLERANCE, "{name}: {difference}");
            let on = &mut |_| ControlFlow::Continue(());
            let generated =
                model.generate(&tokens(&case["tokens"]), 16, &Sampling::default(), on).unwrap();
            // The greedy text of transformers goes on after the end of a text.
            let greedy = tokens(&case["greedy"]);
            let end = greedy.iter().position(|token| *token == 0).unwrap_or(greedy.len());
            assert_eq!(generated, greedy[..end], "{name}");
        }
    }
}

#[test]
fn a_run_goes_on_from_a_gpt2_with_fewer_positions_than_that_has() {
    let expected = expected();
    let folder = folder(&expected);
    let base = reference().join("drawn/gpt2");
    let config = TrainConfig {
        data: vec!["train.txt".into()],
        base_model: Some(base.display().to_string()),
        max_seq_length: 24,
        learning_rate: 1e-9,
        weight_decay: 0.0,
        batch_size: Some(2),
        max_steps: Some(1),
        ..TrainConfig::default()
    };
    run(&config, folder.path());
    let out = folder.path().join("model");
    export(&folder.path().join("kept"), folder.path(), &out, WeightType::F32).unwrap();
    assert!(difference(&load(&out), &expected["drawn"]["gpt2"]) < TOLERANCE);
}

#[test]
fn initial_weights_are_those_that_a_run_begins_with() {
    let expected = expected();
    let folder = folder(&expected);
    let config = config(&expected["exported"]["llama, untied"]);
    let out = folder.path().join("initial");
    export_initial(&config, folder.path(), &out, WeightType::F32).unwrap();
    let still = TrainConfig { learning_rate: 1e-30, max_steps: Some(1), ..config };
    run(&still, folder.path());
    let kept = folder.path().join("still");
    export(&folder.path().join("kept"), folder.path(), &kept, WeightType::F32).unwrap();
    for file in ["model.safetensors", "config.json", "tokenizer.json"] {
        assert_eq!(fs::read(out.join(file)).unwrap(), fs::read(kept.join(file)).unwrap(), "{file}");
    }
}

#[test]
fn what_can_not_be_exported_is_an_error_that_says_why() {
    let expected = expected();
    let folder = folder(&expected);
    let out = folder.path().join("model");
    let nothing = export(folder.path(), folder.path(), &out, WeightType::F32).unwrap_err();
    let message = nothing.to_string().replace(&folder.path().display().to_string(), "F");
    assert_eq!(message, "checkpoint: there is none in `F`");
    let gpt2 = config(&expected["exported"]["gpt2"]);
    let wide = TrainConfig { head_dim: Some(10), ..gpt2 };
    let error = export_initial(&wide, folder.path(), &out, WeightType::F32).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`head_dim`: 10 can't be exported, because it is not `hidden_size` / `num_heads`, as it \
         always is in transformers' GPT-2"
    );
    assert!(!out.exists());
}
