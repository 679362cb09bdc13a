//! A model in this process.

use std::fmt;
use std::path::Path;
use std::time::Instant;

use miette::{Result, miette};
use serde_json::{Value, json};
use temper_generate::{
    Completion, GenerateConfig, GenerateError, GenerationSettings, Generator, Input, Request,
};
use temper_train::{
    ChatMessage, Device, Ended, GenerationDefaults, PretrainedError, PretrainedModel, Sampling,
    TextPrompt, TrainError, compute_on_this_thread, keep_freed_memory,
};

use crate::mistake::told;

/// Where nothing is set, answers are drawn as the model's folder says, or else as vLLM and `OpenAI`
/// draw them, but not without end: a small model may never come to one.
const TEMPERATURE: f64 = 1.0;
const MAX_TOKENS: usize = 256;

/// A model in this process, asked by one thread at a time.
pub(super) struct LocalModel {
    model: PretrainedModel,
    fingerprint: String,
}

impl LocalModel {
    /// Reads the checkpoint of the settings, which must name one.
    pub(super) fn open(config: &GenerateConfig) -> Result<Self> {
        let Some(checkpoint) = &config.checkpoint else {
            return Err(miette!("the settings name neither an endpoint nor a checkpoint"));
        };
        keep_freed_memory();
        compute_on_this_thread();
        let device: Device = config.device.parse().map_err(|error| miette!("`device`: {error}"))?;
        let explain = |error: &TrainError| {
            let message = error.to_string();
            let message = message.trim_start_matches("`base_model`: ");
            told(format_args!("`checkpoint`: {message}"), error.help())
        };
        let path = Path::new(checkpoint);
        // Checkpoints have absolute paths, as every run that this command line starts.
        let mut model = PretrainedModel::load_any(path, Path::new("/"), device.chosen())
            .map_err(|error| explain(&error))?;
        if let Some(adapter) = &config.adapter {
            model = model.with_adapter(adapter).map_err(|error| explain(&error.into()))?;
        }
        let fingerprint = model.fingerprint().map_err(|error| explain(&error.into()))?;
        Ok(Self { model, fingerprint })
    }
}

impl Generator for LocalModel {
    fn identity(&self) -> Value {
        json!({
            "weights": self.fingerprint,
            "draws": "of the request",
            "defaults": self.model.generation_defaults(),
        })
    }

    fn complete(&self, request: &Request) -> Result<Completion, GenerateError> {
        let settings = request.settings_of_sample();
        let prompt = match &request.input {
            Input::Text(text) => TextPrompt::Text(text.clone()),
            Input::Messages(messages) => {
                let message = |message: &temper_generate::Message| ChatMessage {
                    role: message.role.name().to_owned(),
                    content: message.content.clone(),
                };
                TextPrompt::Chat(messages.iter().map(message).collect())
            }
        };
        let defaults = self.model.generation_defaults();
        let longest = settings.max_tokens.map(|tokens| tokens as usize);
        let longest = longest.or(defaults.max_new_tokens).unwrap_or(MAX_TOKENS);
        // Each item has draws of its own, or else luck would befall all of them together.
        let sampling = sampling(&settings, defaults, request.key(&self.identity()).seed());
        let started = Instant::now();
        let written = self
            .model
            .complete(&prompt, Some(longest), &sampling, &settings.stop)
            .map_err(|error| failure(&error))?;
        Ok(Completion {
            text: written.text,
            input_tokens: Some(written.prompt_tokens as u64),
            output_tokens: Some(written.new_tokens as u64),
            latency: started.elapsed().as_secs_f64(),
            finish_reason: Some(match written.ended {
                Ended::Length => "length".to_owned(),
                _ => "stop".to_owned(),
            }),
            refused: false,
        })
    }
}

/// How an answer is drawn.
fn sampling(settings: &GenerationSettings, defaults: &GenerationDefaults, seed: u64) -> Sampling {
    let none = Sampling::default();
    let or = |own: Option<f64>, default: Option<f64>, none| own.or(default).unwrap_or(none);
    Sampling {
        temperature: or(settings.temperature, defaults.temperature, TEMPERATURE),
        top_k: settings.top_k.map(|count| count as usize).or(defaults.top_k),
        top_p: or(settings.top_p, defaults.top_p, none.top_p),
        min_p: or(settings.min_p, defaults.min_p, none.min_p),
        repetition_penalty: or(
            settings.repetition_penalty,
            defaults.repetition_penalty,
            none.repetition_penalty,
        ),
        frequency_penalty: settings.frequency_penalty.unwrap_or(none.frequency_penalty),
        presence_penalty: settings.presence_penalty.unwrap_or(none.presence_penalty),
        seed,
    }
}

/// Whether others may have an answer.
fn failure(error: &PretrainedError) -> GenerateError {
    let message = error.to_string();
    match error {
        PretrainedError::Length { .. }
        | PretrainedError::PromptTooLong { .. }
        | PretrainedError::EmptyPrompt
        | PretrainedError::Sampling { .. }
        | PretrainedError::ChatTemplate { .. } => GenerateError::Refused(message),
        _ => GenerateError::Unable(message),
    }
}

impl fmt::Debug for LocalModel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("LocalModel");
        debug.field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_comes_before_what_the_folder_says_and_that_before_what_is_usual() {
        let (temperature, top_p) = (Some(0.6), Some(0.9));
        let folder = GenerationDefaults { temperature, top_p, ..Default::default() };
        let settings = GenerationSettings { top_p: Some(0.5), ..Default::default() };
        let drawn = sampling(&settings, &folder, 7);
        assert_eq!((drawn.temperature, drawn.top_p), (0.6, 0.5));
        let usual = sampling(&settings, &GenerationDefaults::default(), 7);
        assert_eq!((usual.temperature, usual.repetition_penalty), (TEMPERATURE, 1.0));
    }
}
