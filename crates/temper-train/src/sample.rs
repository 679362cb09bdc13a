//! A text that a model writes while it is trained, to see what it has learned.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::data::Tokenizer;
use crate::device::device_failure;
use crate::model::{Cache, Model, PositionKind};
use crate::rng::{Draw, stream};
use crate::{Sampling, TrainConfig, TrainError};

/// How they are drawn: as by nanoGPT's `sample.py` (Karpathy 2022).
const TEMPERATURE: f64 = 0.8;
const TOP_K: usize = 200;

/// What a text begins after where there is no prompt, as in nanoGPT's `sample.py` too.
const LINE_END: &str = "\n";

impl TrainConfig {
    /// The most tokens of a sample, where it is not said how many.
    pub const SAMPLE_TOKENS: usize = 64;

    /// The most tokens that a sample adds to its prompt; 0: there is none.
    pub(crate) fn sample_length(&self) -> usize {
        let default = if self.sample_prompt.is_some() { Self::SAMPLE_TOKENS } else { 0 };
        self.sample_tokens.unwrap_or(default)
    }
}

/// The prompt and what the model goes on with after `step` optimizer steps, until it ends the
/// text; `None` where no text is asked for. It depends on the weights, the seed and the step.
///
/// # Errors
/// The tokenizer or the device failed.
pub(crate) fn sample(
    model: &Model,
    config: &TrainConfig,
    tokenizer: &Tokenizer,
    step: u64,
    device: &Device,
) -> Result<Option<String>, TrainError> {
    let length = config.sample_length();
    if length == 0 {
        return Ok(None);
    }
    let sampling = Sampling { temperature: TEMPERATURE, top_k: Some(TOP_K), ..Sampling::default() };
    let mut rng = stream(config.seed, Draw::Sample { step });
    let mut tokens = vec![tokenizer.start_of_text()];
    let mut shown = 1;
    match &config.sample_prompt {
        Some(prompt) => tokens.extend(tokenizer.encode_text(prompt)?),
        None if tokenizer.is_pretrained() => {}
        // What follows a separator is learned only where several documents are read.
        None => {
            tokens.extend(tokenizer.encode_text(LINE_END)?);
            shown = tokens.len();
        }
    }
    let mut reader = Reader::new(model, config, device);
    for _ in 0..length {
        let next = sampling.choose(&reader.next_logits(&tokens)?, &mut rng);
        if tokenizer.is_end(next) {
            break;
        }
        tokens.push(next);
    }
    tokenizer.decode(&tokens[shown..]).map(Some)
}

/// A model that reads a text as it grows.
struct Reader<'a> {
    model: &'a Model,
    device: &'a Device,
    max_seq_length: usize,
    /// What was read, where positions are rotary, and how many tokens that are.
    cache: Option<Cache>,
    read: usize,
}

impl<'a> Reader<'a> {
    fn new(model: &'a Model, config: &TrainConfig, device: &'a Device) -> Reader<'a> {
        let is_rotary = config.architecture.parts().positions == PositionKind::Rotary;
        let cache = is_rotary.then(|| Cache::new(config));
        Reader { model, device, max_seq_length: config.max_seq_length, cache, read: 0 }
    }

    /// The logits of what follows `tokens`, which begin as those before: as many as the
    /// vocabulary. The model sees as many of the last tokens as it is trained on.
    fn next_logits(&mut self, tokens: &[u32]) -> Result<Vec<f32>, TrainError> {
        let logits = match &mut self.cache {
            Some(cache) if tokens.len() <= self.max_seq_length => {
                let unread = row(&tokens[self.read..], self.device);
                self.read = tokens.len();
                self.model.read(unread, 1, cache, self.device) // [1, 1, vocabulary]
            }
            _ => {
                let seen = &tokens[tokens.len().saturating_sub(self.max_seq_length)..];
                let logits = self.model.forward(row(seen, self.device), None);
                logits.slice_dim(1, seen.len() - 1..seen.len()) // [1, 1, vocabulary]
            }
        };
        let logits = logits.try_into_data().map_err(|error| device_failure(error.to_string()))?;
        logits.try_to_vec::<f32>().map_err(|error| device_failure(format!("{error:?}")))
    }
}

/// Tokens as `1 x seq`.
fn row(tokens: &[u32], device: &Device) -> Tensor<2, Int> {
    let values: Vec<i32> = tokens.iter().map(|token| *token as i32).collect();
    Tensor::from_data(TensorData::new(values, [1, tokens.len()]), device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Architecture;

    fn config(architecture: Architecture) -> TrainConfig {
        TrainConfig {
            architecture,
            hidden_size: 16,
            num_layers: 2,
            max_seq_length: 9,
            sample_prompt: Some("ab".into()),
            sample_tokens: Some(20),
            ..TrainConfig::default()
        }
    }

    #[test]
    fn a_text_longer_than_a_sequence_is_read_as_its_last_tokens_are() {
        let device = Device::flex();
        for architecture in Architecture::ALL {
            let config = config(architecture);
            let model = Model::new(&config, &device);
            let tokens: Vec<u32> = (0..14).map(|index| index * 31 % 256).collect();
            let mut growing = Reader::new(&model, &config, &device);
            for end in 3..=tokens.len() {
                let logits = growing.next_logits(&tokens[..end]).unwrap();
                let seen = &tokens[end.saturating_sub(9)..end];
                let whole = Reader::new(&model, &config, &device).next_logits(seen).unwrap();
                let pairs = logits.iter().zip(&whole);
                assert_eq!(logits.len(), 256);
                assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-5), "{end}");
            }
        }
    }

    #[test]
    fn a_sample_begins_with_its_prompt_and_differs_from_step_to_step_only() {
        let device = Device::flex();
        for architecture in Architecture::ALL {
            let config = config(architecture);
            let model = Model::new(&config, &device);
            let at = |step| sample(&model, &config, &Tokenizer::Bytes, step, &device).unwrap();
            let first = at(1).unwrap();
            assert!(first.starts_with("ab") && first.len() > 2, "{first}");
            assert_eq!(at(1).unwrap(), first);
            assert_ne!(at(2).unwrap(), first);
        }
    }

    #[test]
    fn without_a_prompt_a_text_begins_after_a_line_end_which_is_not_shown() {
        let device = Device::flex();
        let config = config(Architecture::Llama);
        let model = Model::new(&config, &device);
        let write = |prompt: Option<&str>| {
            let config = TrainConfig { sample_prompt: prompt.map(str::to_owned), ..config.clone() };
            sample(&model, &config, &Tokenizer::Bytes, 1, &device).unwrap().unwrap()
        };
        assert_eq!(format!("\n{}", write(None)), write(Some("\n")));
    }

    #[test]
    fn no_text_is_written_where_none_is_asked_for() {
        let (config, device) = (TrainConfig::default(), Device::flex());
        let model = Model::new(&TrainConfig { hidden_size: 8, ..config.clone() }, &device);
        assert_eq!(sample(&model, &config, &Tokenizer::Bytes, 1, &device).unwrap(), None);
    }
}
