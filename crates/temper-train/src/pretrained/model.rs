//! A pretrained model to use.

use std::path::Path;

use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor, TensorData};
use tokenizers::Tokenizer;

use super::prompt::LastPrompt;
use super::{GenerationDefaults, Pretrained, PretrainedError, Shape, Words, load_weights, locate};
use crate::model::{Cache, Model};
use crate::{Architecture, Device, TrainConfig, TrainError};

/// A pretrained model and its tokenizer.
///
/// Threads may share it; each computes with all that `RAYON_NUM_THREADS` says, so that texts which are
/// generated at once take about as long as one after the other.
///
/// ```no_run
/// use std::{ops::ControlFlow, path::Path};
/// use temper_train::{Device, PretrainedModel, Sampling};
///
/// let model = PretrainedModel::load(Path::new("SmolLM2.gguf"), Device::Cpu)?;
/// let prompt = model.tokenizer().encode("The capital of France is", true).expect("plain text");
/// let tokens = model.generate(prompt.get_ids(), 8, &Sampling::default(), &mut |_| {
///     ControlFlow::Continue(())
/// })?;
/// println!("{}", model.tokenizer().decode(&tokens, true).expect("tokens of the model"));
/// # Ok::<(), temper_train::TrainError>(())
/// ```
pub struct PretrainedModel {
    pub(super) model: Model,
    pub(super) shape: Shape,
    pub(super) words: Words,
    pub(super) config: TrainConfig,
    pub(super) device: burn::tensor::Device,
    pub(super) last_prompt: LastPrompt,
}

impl PretrainedModel {
    /// Reads a folder in Hugging Face's form, a `.gguf` file, or what `hf://owner/name` names on the
    /// Hugging Face hub.
    ///
    /// # Errors
    /// It can't be read or fetched or is not supported, or the device is missing.
    pub fn load(path: &Path, device: Device) -> Result<PretrainedModel, TrainError> {
        let device = device.open()?;
        let base_model = path.display().to_string();
        let pretrained = Pretrained::open(&locate(&base_model, Path::new(""))?)?;
        let base_model = Some(base_model);
        // Texts are read with turns and masks of their own: the model's are as small as can be.
        let max_seq_length = match pretrained.shape.architecture {
            Architecture::Llama => 1,
            Architecture::Gpt2 => pretrained.shape.max_position_embeddings,
        };
        let config = TrainConfig { base_model, max_seq_length, ..TrainConfig::default() };
        let config = config.with_shape(&pretrained.shape);
        let (model, _) = load_weights(Model::new(&config, &device), &pretrained, &device)?;
        let Pretrained { shape, words, .. } = pretrained;
        Ok(PretrainedModel::new(model, shape, words, config, device))
    }

    /// A model of these settings and this shape.
    pub(crate) fn new(
        model: Model,
        shape: Shape,
        words: Words,
        config: TrainConfig,
        device: burn::tensor::Device,
    ) -> PretrainedModel {
        PretrainedModel { model, shape, words, config, device, last_prompt: LastPrompt::default() }
    }

    /// Its tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.words.tokenizer
    }

    /// How a chat becomes text, in Jinja, if the checkpoint says so.
    pub fn chat_template(&self) -> Option<&str> {
        self.words.chat_template.as_deref()
    }

    /// How it is to write where nothing else is said, if its folder says so (`generation_config.json`).
    pub fn generation_defaults(&self) -> &GenerationDefaults {
        &self.words.defaults
    }

    /// The natural logarithms of the probabilities of the token after `tokens`: one for each
    /// token of the vocabulary.
    ///
    /// # Errors
    /// There is no token or too many, one is not in the vocabulary, or the device failed.
    pub fn log_probabilities(&self, tokens: &[u32]) -> Result<Vec<f32>, PretrainedError> {
        self.read_whole(tokens, 1)
    }

    /// The same after each of `tokens`: `tokens x vocabulary`, row-major.
    ///
    /// # Errors
    /// As [`PretrainedModel::log_probabilities`].
    pub fn all_log_probabilities(&self, tokens: &[u32]) -> Result<Vec<f32>, PretrainedError> {
        self.read_whole(tokens, tokens.len())
    }

    /// The logarithms of the probabilities after the last `outputs` of these tokens.
    fn read_whole(&self, tokens: &[u32], outputs: usize) -> Result<Vec<f32>, PretrainedError> {
        let positions = self.shape.max_position_embeddings;
        if tokens.is_empty() || tokens.len() > positions {
            return Err(PretrainedError::Length { tokens: tokens.len(), positions });
        }
        let logits = self.read(tokens, outputs, &mut Cache::new(&self.config))?;
        values(log_softmax(logits, 2))
    }

    /// Reads tokens after those in the cache: the logits of what follows the last `outputs` of them, `1 x
    /// outputs x vocabulary`.
    pub(super) fn read(
        &self,
        tokens: &[u32],
        outputs: usize,
        cache: &mut Cache,
    ) -> Result<Tensor<3>, PretrainedError> {
        let vocab_size = self.shape.vocab_size;
        if let Some(token) = tokens.iter().copied().find(|token| *token as usize >= vocab_size) {
            return Err(PretrainedError::UnknownToken { token, vocab_size });
        }
        let numbers: Vec<i32> = tokens.iter().map(|token| *token as i32).collect();
        let data = TensorData::new(numbers, [1, tokens.len()]);
        let tokens = Tensor::<2, Int>::from_data(data, &self.device); // [1, seq]
        Ok(self.model.read(tokens, outputs, cache, &self.device)) // [1, outputs, vocabulary]
    }
}

/// The numbers of a tensor, row-major.
pub(super) fn values(tensor: Tensor<3>) -> Result<Vec<f32>, PretrainedError> {
    let failed = |message: String| PretrainedError::DeviceFailed { message };
    let data = tensor.try_into_data().map_err(|error| failed(error.to_string()))?;
    data.try_to_vec::<f32>().map_err(|error| failed(format!("{error:?}")))
}
