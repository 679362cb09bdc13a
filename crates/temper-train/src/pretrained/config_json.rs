//! A model's config.json, as Hugging Face has it, with the entries of its Llama.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{PretrainedError, SUPPORTED, Shape, gpt2_json};
use crate::{Architecture, RopeScaling};

/// The entries that the model depends on; where one is missing, transformers' `LlamaConfig` has
/// the default here.
#[derive(Deserialize)]
struct ConfigJson {
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    vocab_size: usize,
    max_position_embeddings: Option<usize>,
    rms_norm_eps: Option<f64>,
    rope_theta: Option<f64>,
    rope_scaling: Option<Value>,
    /// Since transformers 5 in the place of the two before it.
    rope_parameters: Option<Value>,
    tie_word_embeddings: Option<bool>,
    hidden_act: Option<String>,
    attention_bias: Option<bool>,
    mlp_bias: Option<bool>,
    sliding_window: Option<usize>,
}

/// What config.json says of the model, and its special tokens.
pub(super) struct Described {
    pub(super) shape: Shape,
    pub(super) bos: Option<u32>,
    pub(super) eos: Vec<u32>,
}

/// Reads the text of the file at `path`.
///
/// # Errors
/// It is not such a file, or describes a model that is not supported.
pub(super) fn read(path: &Path, text: &str) -> Result<Described, PretrainedError> {
    let damaged = |error: serde_json::Error| PretrainedError::Damaged {
        path: path.to_owned(),
        fault: error.to_string(),
    };
    let unsupported = |key: &str, value: String| PretrainedError::Unsupported {
        path: path.to_owned(),
        key: key.to_owned(),
        value,
    };
    let all: Value = serde_json::from_str(text).map_err(damaged)?;
    let architecture = all["model_type"].as_str().unwrap_or("none");
    if !SUPPORTED.contains(&architecture) {
        let (path, found) = (path.to_owned(), architecture.to_owned());
        return Err(PretrainedError::Architecture { path, found, supported: SUPPORTED });
    }
    let tokens = (first_token(&all["bos_token_id"]), all_tokens(&all["eos_token_id"]));
    if architecture == Architecture::Gpt2.name() {
        let shape = gpt2_json::read(path, all)?;
        return Ok(Described { shape, bos: tokens.0, eos: tokens.1 });
    }
    let config: ConfigJson = serde_json::from_value(all).map_err(damaged)?;
    let act = config.hidden_act.as_deref().unwrap_or("silu");
    if act != "silu" && act != "swish" {
        return Err(unsupported("hidden_act", act.to_owned()));
    }
    for (key, value) in [("attention_bias", config.attention_bias), ("mlp_bias", config.mlp_bias)] {
        if value == Some(true) {
            return Err(unsupported(key, "true".to_owned()));
        }
    }
    let positions = config.max_position_embeddings.unwrap_or(2048);
    if let Some(window) = config.sliding_window
        && window < positions
    {
        return Err(unsupported("sliding_window", window.to_string()));
    }
    let heads = config.num_attention_heads;
    if heads == 0 || config.num_key_value_heads == Some(0) {
        return Err(unsupported("num_attention_heads", "0".to_owned()));
    }
    let parameters = config.rope_parameters.as_ref().or(config.rope_scaling.as_ref());
    let scaling = parameters.map_or(Ok(None), |value| scaling(value, &unsupported))?;
    let theta = config.rope_parameters.as_ref().and_then(|value| value["rope_theta"].as_f64());
    let shape = Shape {
        architecture: Architecture::Llama,
        hidden_size: config.hidden_size,
        num_layers: config.num_hidden_layers,
        num_heads: heads,
        num_kv_heads: config.num_key_value_heads.unwrap_or(heads),
        head_dim: config.head_dim.unwrap_or(config.hidden_size / heads),
        intermediate_size: config.intermediate_size,
        vocab_size: config.vocab_size,
        norm_eps: config.rms_norm_eps.unwrap_or(1e-6),
        rope_theta: theta.or(config.rope_theta).unwrap_or(10_000.0),
        rope_scaling: scaling,
        max_position_embeddings: positions,
        tie_word_embeddings: config.tie_word_embeddings.unwrap_or(false),
    };
    Ok(Described { shape, bos: tokens.0, eos: tokens.1 })
}

/// `rope_scaling` or `rope_parameters`; its type is `rope_type` or, in older files, `type`.
fn scaling(
    value: &Value,
    unsupported: &dyn Fn(&str, String) -> PretrainedError,
) -> Result<Option<RopeScaling>, PretrainedError> {
    let Some(entries) = value.as_object() else { return Ok(None) };
    let kind = entries.get("rope_type").or_else(|| entries.get("type"));
    let kind = kind.and_then(Value::as_str).unwrap_or("default");
    if kind == "default" {
        return Ok(None);
    }
    let mut entries = entries.clone();
    entries.insert("rope_type".to_owned(), kind.into());
    match serde_json::from_value(Value::Object(entries)) {
        Ok(scaling) => Ok(Some(scaling)),
        Err(_) => Err(unsupported("rope_scaling", value.to_string())),
    }
}

/// The text of the file for a model of this shape, in `dtype`.
pub(super) fn write(shape: &Shape, dtype: &str, bos: Option<u32>, eos: &[u32]) -> String {
    let mut config = match shape.architecture {
        Architecture::Llama => llama(shape),
        Architecture::Gpt2 => gpt2_json::write(shape),
    };
    config["bos_token_id"] = bos.into();
    config["eos_token_id"] = tokens(eos);
    config["dtype"] = dtype.into();
    config["torch_dtype"] = dtype.into();
    format!("{config:#}\n")
}

fn llama(shape: &Shape) -> Value {
    let mut rope = match &shape.rope_scaling {
        Some(scaling) => serde_json::to_value(scaling).expect("numbers are representable in JSON"),
        None => json!({"rope_type": "default"}),
    };
    // The old place of the scaling, for transformers before 5.
    let old_scaling = shape.rope_scaling.as_ref().map(|_| rope.clone());
    rope["rope_theta"] = shape.rope_theta.into();
    json!({
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": shape.hidden_size,
        "intermediate_size": shape.intermediate_size,
        "num_hidden_layers": shape.num_layers,
        "num_attention_heads": shape.num_heads,
        "num_key_value_heads": shape.num_kv_heads,
        "head_dim": shape.head_dim,
        "vocab_size": shape.vocab_size,
        "max_position_embeddings": shape.max_position_embeddings,
        "rms_norm_eps": shape.norm_eps,
        "rope_theta": shape.rope_theta,
        "rope_scaling": old_scaling,
        "rope_parameters": rope,
        "tie_word_embeddings": shape.tie_word_embeddings,
        "hidden_act": "silu",
        "attention_bias": false,
        "mlp_bias": false,
    })
}

/// One token, or a list of several.
pub(super) fn tokens(tokens: &[u32]) -> Value {
    match tokens {
        [] => Value::Null,
        [one] => (*one).into(),
        many => many.into(),
    }
}

fn first_token(value: &Value) -> Option<u32> {
    all_tokens(value).first().copied()
}

pub(super) fn all_tokens(value: &Value) -> Vec<u32> {
    let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    values.iter().filter_map(|value| u32::try_from(value.as_u64()?).ok()).collect()
}
