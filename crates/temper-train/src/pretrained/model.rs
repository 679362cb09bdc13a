//! A pretrained model to use.

use std::ops::ControlFlow;
use std::path::Path;

use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor, TensorData};
use tokenizers::Tokenizer;

use super::{Pretrained, PretrainedError, Sampling, Shape, Words, load_weights, locate};
use crate::model::{Cache, Model};
use crate::rng::{Draw, stream};
use crate::{Architecture, Device, TrainConfig, TrainError};

/// A pretrained model and its tokenizer.
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
        Ok(PretrainedModel { model, shape, words, config, device })
    }

    /// Its tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.words.tokenizer
    }

    /// How a chat becomes text, in Jinja, if the checkpoint says so.
    pub fn chat_template(&self) -> Option<&str> {
        self.words.chat_template.as_deref()
    }

    /// The natural logarithms of the probabilities of the token after `tokens`: one for each
    /// token of the vocabulary.
    ///
    /// # Errors
    /// There is no token or too many, one is not in the vocabulary, or the device failed.
    pub fn log_probabilities(&self, tokens: &[u32]) -> Result<Vec<f32>, PretrainedError> {
        self.read(tokens, 1, &mut Cache::new(&self.config))
    }

    /// The same after each of `tokens`: `tokens x vocabulary`, row-major.
    ///
    /// # Errors
    /// As [`PretrainedModel::log_probabilities`].
    pub fn all_log_probabilities(&self, tokens: &[u32]) -> Result<Vec<f32>, PretrainedError> {
        self.read(tokens, tokens.len(), &mut Cache::new(&self.config))
    }

    /// Goes on after `tokens` until a token that ends a text, `max_new_tokens` or the model's
    /// longest text, and gives the new tokens without the one that ends it. `observe` is called
    /// with each; its `Break` ends the text there.
    ///
    /// # Errors
    /// As [`PretrainedModel::log_probabilities`], or a setting of `sampling` is out of its bounds.
    pub fn generate(
        &self,
        tokens: &[u32],
        max_new_tokens: usize,
        sampling: &Sampling,
        observe: &mut dyn FnMut(u32) -> ControlFlow<()>,
    ) -> Result<Vec<u32>, PretrainedError> {
        sampling.validate()?;
        let mut rng = stream(sampling.seed, Draw::Text);
        let mut cache = Cache::new(&self.config);
        let mut generated = Vec::new();
        let mut unread = tokens.to_vec();
        while generated.len() < max_new_tokens
            && tokens.len() + generated.len() <= self.shape.max_position_embeddings
        {
            let next = sampling.choose(&self.read(&unread, 1, &mut cache)?, &mut rng);
            if self.words.eos.contains(&next) {
                break;
            }
            generated.push(next);
            if observe(next).is_break() {
                break;
            }
            unread = vec![next];
        }
        Ok(generated)
    }

    /// Reads tokens after those in the cache.
    fn read(
        &self,
        tokens: &[u32],
        outputs: usize,
        cache: &mut Cache,
    ) -> Result<Vec<f32>, PretrainedError> {
        let (positions, vocab_size) = (self.shape.max_position_embeddings, self.shape.vocab_size);
        if tokens.is_empty() || tokens.len() > positions {
            return Err(PretrainedError::Length { tokens: tokens.len(), positions });
        }
        if let Some(token) = tokens.iter().copied().find(|token| *token as usize >= vocab_size) {
            return Err(PretrainedError::UnknownToken { token, vocab_size });
        }
        let values: Vec<i32> = tokens.iter().map(|token| *token as i32).collect();
        let data = TensorData::new(values, [1, tokens.len()]);
        let tokens = Tensor::<2, Int>::from_data(data, &self.device); // [1, seq]
        let logits = self.model.read(tokens, outputs, cache, &self.device); // [1, outputs, vocab]
        let failed = |message: String| PretrainedError::DeviceFailed { message };
        let data = log_softmax(logits, 2).try_into_data().map_err(|e| failed(e.to_string()))?;
        data.try_to_vec::<f32>().map_err(|error| failed(format!("{error:?}")))
    }
}
