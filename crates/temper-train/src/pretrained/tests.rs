//! Tests against transformers, on a tiny Llama in every form (`reference/tiny_llama.py`), and of
//! every error.

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;

use serde_json::Value;

use super::encoding::Encoding;
use super::*;
use crate::data::{Dataset, HeldOut};
use crate::{Checkpoints, Device, Run, TrainConfig, TrainError};

/// What 32 bits leave: the logarithms are as large as 20, and rounding errors of two layers add up.
const TOLERANCE: f64 = 1e-4;

fn tiny(form: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("reference/tiny").join(form)
}

fn expected() -> Value {
    serde_json::from_str(&fs::read_to_string(tiny("expected.json")).unwrap()).unwrap()
}

fn tokens(list: &Value) -> Vec<u32> {
    list.as_array().unwrap().iter().map(|token| token.as_u64().unwrap() as u32).collect()
}

fn load(path: &Path) -> PretrainedModel {
    PretrainedModel::load(path, Device::Cpu).unwrap()
}

/// The largest difference from transformers' logarithms after the first and the last token.
fn difference(model: &PretrainedModel, expected: &Value, form: &str) -> f64 {
    let tokens = tokens(&expected["tokens"]);
    let rows = &expected["forms"][form]["log_probabilities"];
    let all = model.all_log_probabilities(&tokens).unwrap();
    let width = all.len() / tokens.len();
    let last = model.log_probabilities(&tokens).unwrap();
    let mut largest = 0.0_f64;
    for (row, ours) in [(0, &all[..width]), (1, &all[all.len() - width..]), (1, &last)] {
        let theirs = rows[row].as_array().unwrap();
        assert_eq!(theirs.len(), ours.len());
        for (ours, theirs) in ours.iter().zip(theirs) {
            largest = largest.max((f64::from(*ours) - theirs.as_f64().unwrap()).abs());
        }
    }
    largest
}

#[test]
fn every_form_gives_the_probabilities_of_transformers_and_its_greedy_text() {
    let expected = expected();
    for form in ["f32", "bf16", "sharded", "tiny.gguf"] {
        let model = load(&tiny(form));
        let difference = difference(&model, &expected, form);
        assert!(difference < TOLERANCE, "{form}: {difference}");
        let mut observed = Vec::new();
        let generated = model
            .generate(&tokens(&expected["tokens"]), 16, &Sampling::default(), &mut |token| {
                observed.push(token);
                ControlFlow::Continue(())
            })
            .unwrap();
        assert_eq!(generated, tokens(&expected["forms"][form]["greedy"]), "{form}");
        assert_eq!(observed, generated);
        let text = expected["text"].as_str().unwrap();
        let encoding = model.tokenizer().encode(text, true).unwrap();
        assert_eq!(encoding.get_ids(), tokens(&expected["all_tokens"]), "{form}");
        assert_eq!(model.tokenizer().decode(encoding.get_ids(), true).unwrap(), text);
        assert_eq!(model.chat_template(), Some("{{ messages }}"));
        assert_eq!(model.words.eos, [0]);
    }
}

#[test]
fn every_encoding_is_decoded_as_by_the_gguf_package() {
    let expected = expected();
    for encoding in Encoding::ALL {
        let case = &expected["blocks"][encoding.name()];
        if encoding == Encoding::F32 {
            assert!(case.is_null());
            continue;
        }
        let bytes: Vec<u8> = tokens(&case["bytes"]).into_iter().map(|byte| byte as u8).collect();
        let mut values = Vec::new();
        encoding.decode(&bytes, &mut values);
        let theirs = case["values"].as_array().unwrap();
        assert_eq!(Some(bytes.len()), encoding.bytes(theirs.len()));
        assert_eq!(values.len(), theirs.len());
        for (ours, theirs) in values.into_iter().map(f64::from).zip(theirs) {
            // Random bytes are also numbers that are none.
            let Some(theirs) = theirs.as_f64() else { continue };
            let allowed = 1e-6 * theirs.abs().max(1e-3);
            assert!((ours - theirs).abs() <= allowed, "{}: {ours} {theirs}", encoding.name());
        }
    }
}

#[test]
fn what_was_saved_is_loaded_again() {
    let folder = tempfile::tempdir().unwrap();
    let expected = expected();
    for form in ["f32", "tiny.gguf"] {
        load(&tiny(form)).save_pretrained(folder.path(), WeightType::F32).unwrap();
        let again = load(folder.path());
        assert!(difference(&again, &expected, form) < TOLERANCE);
        assert_eq!(again.shape, load(&tiny(form)).shape);
        assert_eq!(again.chat_template(), Some("{{ messages }}"));
    }
    load(&tiny("bf16")).save_pretrained(folder.path(), WeightType::Bf16).unwrap();
    assert!(difference(&load(folder.path()), &expected, "bf16") < TOLERANCE);
}

/// A copy of a tiny checkpoint, with one file changed.
fn changed(form: &str, file: &str, change: impl Fn(Vec<u8>) -> Option<Vec<u8>>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let source = tiny(form);
    let path = if source.is_dir() {
        for entry in fs::read_dir(source).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
        folder.path().to_owned()
    } else {
        fs::copy(source, folder.path().join(form)).unwrap();
        folder.path().join(form)
    };
    let target = folder.path().join(file);
    match change(fs::read(&target).unwrap()) {
        Some(bytes) => fs::write(target, bytes).unwrap(),
        None => fs::remove_file(target).unwrap(),
    }
    let error = PretrainedModel::load(&path, Device::Cpu).err().unwrap();
    assert_eq!(error.key(), Some("base_model"));
    error.to_string().replace(&folder.path().display().to_string(), "F")
}

/// The error of a folder whose config.json has another value.
fn with_config(key: &str, value: impl Into<Value>) -> String {
    let value = value.into();
    changed("f32", "config.json", |bytes| {
        let mut config: Value = serde_json::from_slice(&bytes).unwrap();
        config[key] = value.clone();
        Some(config.to_string().into_bytes())
    })
}

/// Replaces a text of the same length.
fn replaced(bytes: &[u8], from: &str, to: &str) -> Option<Vec<u8>> {
    assert_eq!(from.len(), to.len());
    let place = bytes.windows(from.len()).position(|window| window == from.as_bytes())?;
    let mut bytes = bytes.to_vec();
    bytes[place..place + to.len()].copy_from_slice(to.as_bytes());
    Some(bytes)
}

#[test]
fn a_folder_that_can_not_be_used_is_an_error_that_says_why() {
    let messages = [
        with_config("model_type", "gemma"),
        with_config("attention_bias", true),
        with_config("hidden_act", "gelu"),
        with_config("tie_word_embeddings", false),
        with_config("vocab_size", 200),
        with_config("vocab_size", 289),
        with_config("intermediate_size", 65),
        with_config("num_hidden_layers", 1),
        with_config("num_hidden_layers", 3),
        changed("f32", "tokenizer.json", |_| None),
        changed("f32", "config.json", |_| None),
        changed("f32", "model.safetensors", |_| None),
        changed("sharded", "model-00002-of-00002.safetensors", |_| None),
        changed("f32", "model.safetensors", |bytes| Some(bytes[..bytes.len() - 5].to_vec())),
        changed("f32", "model.safetensors", |bytes| Some(bytes[..50].to_vec())),
        changed("f32", "model.safetensors", |bytes| Some(bytes[..5].to_vec())),
        changed("f32", "model.safetensors", |bytes| replaced(&bytes, "norm.w", "form.w")),
    ];
    let expected = [
        "`base_model`: `F/config.json` is of architecture `gemma`, and supported are llama, mistral, gpt2",
        "`base_model`: `F/config.json`: `attention_bias` true is not supported",
        "`base_model`: `F/config.json`: `hidden_act` gelu is not supported",
        "`base_model`: the checkpoint has no tensor `lm_head.weight`, of shape [288, 32]",
        "`base_model`: `F`: it has a token 279, and the vocabulary only 200 tokens",
        "`base_model`: tensor `model.embed_tokens.weight` has shape [288, 32], and the model [289, 32]",
        "`base_model`: tensor `model.layers.0.mlp.gate_proj.weight` has shape [64, 32], and the model [65, 32]",
        "`base_model`: the checkpoint has a tensor `model.layers.1.input_layernorm.weight`, of shape [32], that the model has not",
        "`base_model`: the checkpoint has no tensor `model.layers.2.input_layernorm.weight`, of shape [32]",
        "`base_model`: `F` has no tokenizer.json",
        "`base_model`: `F` has no config.json",
        "`base_model`: `F` has no model.safetensors",
        "`base_model`: `F` has no model-00002-of-00002.safetensors",
        "`base_model`: `F/model.safetensors` is damaged: it ends 5 bytes early",
        "`base_model`: `F/model.safetensors` is damaged: it ends within its header",
        "`base_model`: `F/model.safetensors` is damaged: it has no header",
        "`base_model`: the checkpoint has no tensor `model.layers.0.input_layernorm.weight`, of shape [32]",
    ];
    for (message, expected) in messages.iter().zip(expected) {
        assert_eq!(message, expected);
    }
    assert_eq!(messages.len(), expected.len());
}

#[test]
fn a_gguf_file_that_can_not_be_used_is_an_error_that_says_why() {
    let gguf = |change: fn(&[u8]) -> Option<Vec<u8>>| {
        changed("tiny.gguf", "tiny.gguf", move |bytes| change(&bytes))
    };
    let messages = [
        gguf(|bytes| replaced(bytes, "GGUF", "GGML")),
        // The last tensor has 16 bytes, and 16 of padding.
        gguf(|bytes| Some(bytes[..bytes.len() - 17].to_vec())),
        gguf(|bytes| Some(bytes[..1000].to_vec())),
        gguf(|bytes| replaced(bytes, "llama", "gemma")),
        gguf(|bytes| replaced(bytes, "gpt-2", "other")),
        gguf(|bytes| replaced(bytes, "blk.1.ffn_up", "blk.1.ffn_it")),
        gguf(|bytes| {
            // The type of the embedding, after its name, two dimensions and their number: Q2_K.
            let name = "token_embd.weight";
            let place = bytes.windows(name.len()).position(|window| window == name.as_bytes())?;
            let mut bytes = bytes.to_vec();
            bytes[place + name.len() + 4 + 16] = 10;
            Some(bytes)
        }),
    ];
    let expected = [
        "`base_model`: `F/tiny.gguf` is damaged: it is no GGUF file",
        "`base_model`: `F/tiny.gguf` is damaged: it ends before the end of tensor `rope_freqs.weight`",
        "`base_model`: `F/tiny.gguf` is damaged: it ends early",
        "`base_model`: `F/tiny.gguf` is of architecture `gemma`, and supported are llama, mistral",
        "`base_model`: `F/tiny.gguf`: `tokenizer.ggml.pre` other is not supported",
        "`base_model`: the checkpoint has no tensor `model.layers.1.mlp.up_proj.weight`, of shape [64, 32]",
        "`base_model`: tensor `token_embd.weight` is encoded as Q2_K, which is not supported",
    ];
    for (message, expected) in messages.iter().zip(expected) {
        assert_eq!(message, expected);
    }
}

#[test]
fn a_text_that_the_model_can_not_take_is_refused() {
    let model = load(&tiny("f32"));
    let message = |tokens: &[u32]| model.log_probabilities(tokens).unwrap_err().to_string();
    assert_eq!(message(&[]), "0 tokens are not within 1 and 64, the positions of the model");
    assert_eq!(message(&[1; 65]), "65 tokens are not within 1 and 64, the positions of the model");
    assert_eq!(message(&[288]), "token 288 is not below 288, the size of the vocabulary");
    let hot = Sampling { temperature: f64::NAN, ..Sampling::default() };
    let error = model.generate(&[1], 1, &hot, &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert_eq!(error.to_string(), "`temperature`: NaN is not a number of at least 0");
}

fn fine_tuning() -> TrainConfig {
    TrainConfig {
        data: vec!["*.txt".into()],
        base_model: Some(tiny("f32").display().to_string()),
        max_seq_length: 16,
        learning_rate: 1e-9,
        weight_decay: 0.0,
        batch_size: Some(2),
        max_steps: Some(2),
        eval_steps: Some(1),
        ..TrainConfig::default()
    }
}

#[test]
fn training_starts_from_the_checkpoint_and_goes_on_without_its_weights() {
    let folder = tempfile::tempdir().unwrap();
    let text = expected()["text"].as_str().unwrap().repeat(20);
    fs::write(folder.path().join("a.txt"), &text).unwrap();
    let base = folder.path().join("base");
    let model = load(&tiny("f32"));
    model.save_pretrained(&base, WeightType::F32).unwrap();
    let config = TrainConfig { base_model: Some("base".into()), ..fine_tuning() };

    let mut losses = Vec::new();
    let kept = Checkpoints::new(folder.path().join("kept"));
    let run = Run::new(&config, folder.path()).with_checkpoints(kept);
    let summary = run
        .train(&mut |report| {
            losses.push(report.eval_loss);
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(summary.parameters, 9_216 + 2 * (3_072 + 6_144 + 64) + 32);
    // The mean loss of the held-out text, by the model itself, in the same windows.
    let (completed, pretrained) = config.complete(folder.path()).unwrap();
    let dataset = Dataset::load(&completed, folder.path(), pretrained.as_ref()).unwrap();
    let HeldOut::Text(held_out) = dataset.held_out else { panic!("it is text") };
    let mut sum = 0.0;
    let targets = held_out.tokens.len() - 1;
    for start in (0..targets).step_by(16) {
        let window = &held_out.tokens[start..(start + 17).min(targets + 1)];
        let logs = model.all_log_probabilities(&window[..window.len() - 1]).unwrap();
        for (row, target) in logs.chunks(288).zip(&window[1..]) {
            sum -= f64::from(row[*target as usize]);
        }
    }
    let expected_loss = sum / targets as f64;
    assert!((losses[0] - expected_loss).abs() < 1e-4, "{} is not {expected_loss}", losses[0]);
    let text_bytes = held_out.bytes as f64;
    assert!(text_bytes > targets as f64);

    // Of the base, what is needed again is what says how text becomes tokens.
    let config = TrainConfig { max_steps: Some(3), ..config };
    fs::write(base.join("model.safetensors"), hollow(&base)).unwrap();
    let kept = Checkpoints::new(folder.path().join("kept"));
    let run = Run::new(&config, folder.path()).with_checkpoints(kept).resume();
    let summary = run.train(&mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(summary.resumed_at, Some(2));
    assert!((summary.eval_loss - expected_loss).abs() < 1e-4);
}

/// The weights' file of a folder with all numbers 0.
fn hollow(folder: &Path) -> Vec<u8> {
    let mut bytes = fs::read(folder.join("model.safetensors")).unwrap();
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    bytes[header..].fill(0);
    bytes
}

#[test]
fn a_setting_that_the_checkpoint_decides_and_a_sequence_too_long_are_refused() {
    let config = TrainConfig { hidden_size: 64, ..fine_tuning() };
    let error = config.validate().unwrap_err();
    assert_eq!(error.to_string(), "`hidden_size`: it is that of `base_model`");
    assert_eq!(error.key(), Some("hidden_size"));
    let config = TrainConfig { max_seq_length: 65, ..fine_tuning() };
    let error: TrainError = config.completed(Path::new("/")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`max_seq_length`: 65 is above 64, the positions of `base_model`"
    );
    assert_eq!(error.key(), Some("max_seq_length"));
    let missing = TrainConfig { base_model: Some("/not/there".into()), ..fine_tuning() };
    assert_eq!(missing.completed(Path::new("/")).unwrap_err().key(), Some("base_model"));
}

#[test]
fn a_text_that_ends_with_no_token_and_weights_that_are_no_numbers_are_refused() {
    let message = with_config("eos_token_id", 999);
    let expected = "`base_model`: `F`: it has a token 999, and the vocabulary only 288 tokens";
    assert_eq!(message, expected);
    let message = changed("f32", "model.safetensors", |mut bytes| {
        let end = bytes.len() - 4;
        bytes[end..].copy_from_slice(&f32::NAN.to_le_bytes());
        Some(bytes)
    });
    assert!(message.starts_with("`base_model`: tensor `model."), "{message}");
    assert!(message.ends_with("` has values that are not finite"), "{message}");
}
