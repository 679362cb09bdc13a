//! A checkpoint in Hugging Face's form: a folder with config.json, tokenizer.json and weights.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use tokenizers::Tokenizer;

use super::stored::Stored;
use super::{
    GenerationDefaults, Pretrained, PretrainedError, Words, config_json, generation_json,
    safetensors,
};
use crate::Architecture;

/// The weights in one file.
const WEIGHTS: &str = "model.safetensors";
/// Which weights are in which of several files.
const INDEX: &str = "model.safetensors.index.json";
/// What the names of GPT-2's tensors begin with.
const PREFIX: &str = "transformer.";

/// Opens the folder; of the weights, only the headers are read.
///
/// # Errors
/// A file is missing, damaged or of another kind.
pub(super) fn open(folder: &Path) -> Result<Pretrained, PretrainedError> {
    let config_path = required(folder, "config.json")?;
    let described = config_json::read(&config_path, &read(&config_path)?)?;
    let tokenizer_path = required(folder, "tokenizer.json")?;
    let tokenizer = Tokenizer::from_file(&tokenizer_path)
        .map_err(|source| PretrainedError::Tokenizer { path: tokenizer_path, source })?;
    let (defaults, more_eos) = generation(folder)?;
    let mut eos = described.eos;
    for token in more_eos {
        if !eos.contains(&token) {
            eos.push(token);
        }
    }
    let words = Words {
        tokenizer: Arc::new(tokenizer),
        chat_template: chat_template(folder)?,
        bos: described.bos,
        eos,
        defaults,
    };
    let mut tensors = tensors(folder)?;
    if described.shape.architecture == Architecture::Gpt2 {
        tensors = tensors.into_iter().map(|(name, stored)| (with_prefix(name), stored)).collect();
    }
    Ok(Pretrained { shape: described.shape, words, tensors })
}

/// The name of a GPT-2's tensor, which old files write without the name of the whole.
fn with_prefix(name: String) -> String {
    let is_whole = name.starts_with(PREFIX) || name.starts_with("lm_head.");
    if is_whole { name } else { format!("{PREFIX}{name}") }
}

/// The tensors of the one file, or of those that the index names.
fn tensors(folder: &Path) -> Result<BTreeMap<String, Stored>, PretrainedError> {
    let mut tensors = BTreeMap::new();
    let index = folder.join(INDEX);
    if !index.exists() {
        safetensors::find(&required(folder, WEIGHTS)?, &mut tensors)?;
        return Ok(tensors);
    }
    let parsed: Value = parse(&index)?;
    let map = parsed["weight_map"].as_object().ok_or_else(|| PretrainedError::Damaged {
        path: index.clone(),
        fault: "it has no weight_map".to_owned(),
    })?;
    let shards: BTreeSet<&str> = map.values().filter_map(Value::as_str).collect();
    for shard in shards {
        safetensors::find(&required(folder, shard)?, &mut tensors)?;
    }
    Ok(tensors)
}

/// The template of chats: a file of its own, or an entry of `tokenizer_config.json`.
fn chat_template(folder: &Path) -> Result<Option<String>, PretrainedError> {
    let own = folder.join("chat_template.jinja");
    if own.exists() {
        return read(&own).map(Some);
    }
    let config = folder.join("tokenizer_config.json");
    if !config.exists() {
        return Ok(None);
    }
    Ok(parse(&config)?["chat_template"].as_str().map(str::to_owned))
}

/// How the model is to write, and the tokens that end a text besides those of config.json.
fn generation(folder: &Path) -> Result<(GenerationDefaults, Vec<u32>), PretrainedError> {
    let path = folder.join("generation_config.json");
    if !path.exists() {
        return Ok(Default::default());
    }
    generation_json::read(parse(&path)?)
        .map_err(|error| PretrainedError::Damaged { path, fault: error.to_string() })
}

fn required(folder: &Path, file: &str) -> Result<PathBuf, PretrainedError> {
    let path = folder.join(file);
    if path.is_file() {
        return Ok(path);
    }
    Err(PretrainedError::MissingFile { folder: folder.to_owned(), file: file.to_owned() })
}

fn read(path: &Path) -> Result<String, PretrainedError> {
    fs::read_to_string(path).map_err(|source| PretrainedError::Io { path: path.to_owned(), source })
}

fn parse(path: &Path) -> Result<Value, PretrainedError> {
    serde_json::from_str(&read(path)?).map_err(|error| PretrainedError::Damaged {
        path: path.to_owned(),
        fault: error.to_string(),
    })
}
