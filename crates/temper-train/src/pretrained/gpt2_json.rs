//! The entries of config.json of Hugging Face's GPT-2.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{PretrainedError, Shape};
use crate::Architecture;

/// The names of the activation that the trainer's has, in transformers.
const GELU: [&str; 2] = ["gelu_new", "gelu_pytorch_tanh"];

/// The entries that the model depends on; where one is missing, transformers' `GPT2Config` has the
/// default here.
#[derive(Deserialize)]
struct Gpt2Json {
    n_embd: usize,
    n_layer: usize,
    n_head: usize,
    n_positions: usize,
    vocab_size: usize,
    n_inner: Option<usize>,
    layer_norm_epsilon: Option<f64>,
    activation_function: Option<String>,
    scale_attn_weights: Option<bool>,
    scale_attn_by_inverse_layer_idx: Option<bool>,
    tie_word_embeddings: Option<bool>,
}

/// The shape that the file at `path` describes, whose entries are `all`.
///
/// # Errors
/// An entry is missing, or the model has a part that the trainer's has not.
pub(super) fn read(path: &Path, all: Value) -> Result<Shape, PretrainedError> {
    let unsupported = |key: &str, value: String| PretrainedError::Unsupported {
        path: path.to_owned(),
        key: key.to_owned(),
        value,
    };
    let config: Gpt2Json = serde_json::from_value(all).map_err(|error| {
        PretrainedError::Damaged { path: path.to_owned(), fault: error.to_string() }
    })?;
    if let Some(activation) = config.activation_function
        && !GELU.contains(&&*activation)
    {
        return Err(unsupported("activation_function", activation));
    }
    if config.scale_attn_weights == Some(false) {
        return Err(unsupported("scale_attn_weights", "false".to_owned()));
    }
    if config.scale_attn_by_inverse_layer_idx == Some(true) {
        return Err(unsupported("scale_attn_by_inverse_layer_idx", "true".to_owned()));
    }
    if config.n_head == 0 || !config.n_embd.is_multiple_of(config.n_head) {
        return Err(unsupported("n_head", config.n_head.to_string()));
    }
    Ok(Shape {
        architecture: Architecture::Gpt2,
        hidden_size: config.n_embd,
        num_layers: config.n_layer,
        num_heads: config.n_head,
        num_kv_heads: config.n_head,
        head_dim: config.n_embd / config.n_head,
        intermediate_size: config.n_inner.unwrap_or(4 * config.n_embd),
        vocab_size: config.vocab_size,
        norm_eps: config.layer_norm_epsilon.unwrap_or(1e-5),
        rope_theta: 10_000.0,
        rope_scaling: None,
        max_position_embeddings: config.n_positions,
        tie_word_embeddings: config.tie_word_embeddings.unwrap_or(true),
    })
}

/// The entries of a model of this shape.
pub(super) fn write(shape: &Shape) -> Value {
    json!({
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "n_embd": shape.hidden_size,
        "n_layer": shape.num_layers,
        "n_head": shape.num_heads,
        "n_positions": shape.max_position_embeddings,
        "n_inner": shape.intermediate_size,
        "vocab_size": shape.vocab_size,
        "layer_norm_epsilon": shape.norm_eps,
        "activation_function": GELU[0],
        "resid_pdrop": 0.0,
        "embd_pdrop": 0.0,
        "attn_pdrop": 0.0,
        "tie_word_embeddings": shape.tie_word_embeddings,
    })
}
