//! Checkpoints that were trained elsewhere: what is in them, and models made of them.
//!
//! [`Pretrained`] is a checkpoint whose weights are still in their file: `folder` and `gguf` find
//! the same things in the two kinds of files, `weights` puts them into a model, and
//! [`PretrainedModel`] is one to use: it `read`s a `prompt`, `generate`s tokens as `sampling` and
//! `penalties` say, and `complete`s a text up to where its `excerpt` ends.

mod adapter;
mod complete;
mod config_json;
mod encoding;
mod error;
mod excerpt;
mod fingerprint;
mod fold;
mod folder;
mod generate;
mod generation_json;
mod gguf;
mod gpt2_json;
mod hub;
mod model;
mod names;
mod penalties;
mod prompt;
mod safetensors;
mod sampling;
mod save;
mod stored;
mod weights;
mod words;

use std::collections::BTreeMap;
use std::path::Path;

pub(crate) use adapter::save_adapter;
pub use complete::{ChatMessage, TextPrompt, Written};
pub use error::PretrainedError;
pub use generate::Ended;
pub use generation_json::GenerationDefaults;
pub use hub::is_on_hub;
pub(crate) use hub::locate;
pub use model::PretrainedModel;
pub use sampling::Sampling;
pub use save::WeightType;

pub(crate) use save::save;
pub(crate) use weights::{Checksum, load_weights};
pub(crate) use words::Words;

use self::stored::Stored;
use crate::{Architecture, RopeScaling};

/// The architectures whose folders can be read.
const SUPPORTED: &[&str] = &["llama", "mistral", "gpt2"];

/// A checkpoint: all but its weights, and where those are.
pub(crate) struct Pretrained {
    pub(crate) shape: Shape,
    /// How it reads and writes text.
    pub(crate) words: Words,
    /// The weights, by Hugging Face's name.
    tensors: BTreeMap<String, Stored>,
}

/// The sizes and constants of a model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shape {
    pub(crate) architecture: Architecture,
    pub(crate) hidden_size: usize,
    pub(crate) num_layers: usize,
    pub(crate) num_heads: usize,
    pub(crate) num_kv_heads: usize,
    pub(crate) head_dim: usize,
    pub(crate) intermediate_size: usize,
    pub(crate) vocab_size: usize,
    pub(crate) norm_eps: f64,
    /// Of rotary positions, as the next.
    pub(crate) rope_theta: f64,
    pub(crate) rope_scaling: Option<RopeScaling>,
    /// Longest text, in tokens.
    pub(crate) max_position_embeddings: usize,
    /// Whether the output layer is the embedding.
    pub(crate) tie_word_embeddings: bool,
}

impl Pretrained {
    /// Opens a folder in Hugging Face's form, or a `.gguf` file.
    ///
    /// # Errors
    /// A file is missing, damaged or of another kind, the model is of an architecture that can't
    /// be trained here, or it has fewer embeddings than tokens.
    pub(crate) fn open(path: &Path) -> Result<Pretrained, PretrainedError> {
        let pretrained = if path.is_dir() { folder::open(path)? } else { gguf::open(path)? };
        let vocab_size = pretrained.shape.vocab_size;
        let words = &pretrained.words;
        let named = words.eos.iter().copied().chain(words.bos);
        if let Some(token) = words.last_token().into_iter().chain(named).max()
            && token as usize >= vocab_size
        {
            let path = path.to_owned();
            return Err(PretrainedError::TooManyTokens { path, token, vocab_size });
        }
        Ok(pretrained)
    }
}

#[cfg(test)]
mod tests;
