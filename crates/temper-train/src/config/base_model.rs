//! Which settings a pretrained checkpoint decides.

use std::path::Path;

use crate::pretrained::{Pretrained, Shape, locate};
use crate::{Architecture, TrainConfig, TrainError};

/// The settings that come from the checkpoint.
const OF_BASE_MODEL: [&str; 15] = [
    "architecture",
    "parametrization",
    "tie_word_embeddings",
    "tokenizer",
    "vocab_size",
    "hidden_size",
    "num_layers",
    "num_heads",
    "num_kv_heads",
    "head_dim",
    "intermediate_size",
    "rope_theta",
    "rope_scaling",
    "rms_norm_eps",
    "layer_norm_eps",
];

impl TrainConfig {
    /// The settings that `base_model` decides where it is given.
    pub fn of_base_model() -> &'static [&'static str] {
        &OF_BASE_MODEL
    }

    /// The settings with those of `base_model`'s shape in them, whose path is relative to
    /// `base_dir`; the same settings where none is given. Its weights are not read.
    ///
    /// # Errors
    /// The checkpoint can't be read or is of another kind, its texts are shorter than
    /// `max_seq_length`, or its layers are fewer than `trained_layers`.
    pub fn completed(&self, base_dir: &Path) -> Result<TrainConfig, TrainError> {
        Ok(self.complete(base_dir)?.0)
    }

    /// The same, and the checkpoint.
    pub(crate) fn complete(
        &self,
        base_dir: &Path,
    ) -> Result<(TrainConfig, Option<Pretrained>), TrainError> {
        let Some(path) = &self.base_model else {
            return Ok((self.clone(), None));
        };
        let pretrained = Pretrained::open(&locate(path, base_dir)?)?;
        let positions = pretrained.shape.max_position_embeddings;
        if self.max_seq_length > positions {
            return Err(TrainError::TooLong { length: self.max_seq_length, positions });
        }
        let completed = self.with_shape(&pretrained.shape);
        completed.validate_trained_layers()?;
        Ok((completed, Some(pretrained)))
    }

    /// The settings with a checkpoint's shape in them.
    pub(crate) fn with_shape(&self, shape: &Shape) -> TrainConfig {
        let is_llama = shape.architecture == Architecture::Llama;
        TrainConfig {
            vocab_size: Some(shape.vocab_size),
            hidden_size: shape.hidden_size,
            num_layers: shape.num_layers,
            num_heads: shape.num_heads,
            num_kv_heads: Some(shape.num_kv_heads),
            head_dim: Some(shape.head_dim),
            intermediate_size: Some(shape.intermediate_size),
            tie_word_embeddings: shape.tie_word_embeddings,
            architecture: shape.architecture,
            rope_theta: is_llama.then_some(shape.rope_theta),
            rope_scaling: shape.rope_scaling.clone(),
            rms_norm_eps: is_llama.then_some(shape.norm_eps),
            layer_norm_eps: (!is_llama).then_some(shape.norm_eps),
            ..self.clone()
        }
    }

    /// The shape of the model, which reads texts of up to so many tokens.
    pub(crate) fn shape(&self, max_position_embeddings: usize) -> Shape {
        Shape {
            architecture: self.architecture,
            hidden_size: self.hidden_size,
            num_layers: self.num_layers,
            num_heads: self.num_heads,
            num_kv_heads: self.kv_heads(),
            head_dim: self.head_dim(),
            intermediate_size: self.intermediate(),
            vocab_size: self.vocabulary(),
            norm_eps: self.norm_eps(),
            rope_theta: self.rope_base(),
            rope_scaling: self.rope_scaling.clone(),
            max_position_embeddings,
            tie_word_embeddings: self.tie_word_embeddings,
        }
    }

    /// Checks that no setting is given that the checkpoint decides; one with its default value
    /// counts as not given.
    pub(super) fn validate_base_model(&self) -> Result<(), TrainError> {
        if self.base_model.is_none() {
            return Ok(());
        }
        let values = |config: &TrainConfig| {
            serde_json::to_value(config)
                .expect("a struct of numbers and strings is representable in JSON")
        };
        let (given, default) = (values(self), values(&TrainConfig::default()));
        match OF_BASE_MODEL.into_iter().find(|key| given[key] != default[key]) {
            Some(key) => Err(TrainError::OfBaseModel { key: key.to_owned() }),
            None => Ok(()),
        }
    }
}
