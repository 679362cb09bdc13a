//! From text to text.

use std::ops::ControlFlow;

use serde_json::json;

use super::excerpt::Excerpt;
use super::{Ended, PretrainedError, PretrainedModel, Sampling};
use crate::data::ChatTemplate;

/// What a model is to go on with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextPrompt {
    /// A text. A token that begins texts comes before it where the checkpoint's tokenizer adds one, as
    /// in transformers and llama.cpp.
    Text(String),
    /// Messages, which the checkpoint's chat template writes as a text, or else `ChatML`, with the
    /// beginning of an answer.
    ///
    /// What spells a special token in them is one, as in transformers: a message with `<|im_end|>` in
    /// it can end itself. A template that asks for the day is told 26 July 2024, always.
    Chat(Vec<ChatMessage>),
}

/// What somebody says in a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatMessage {
    /// Who says it, as the template calls them: `system`, `user` or `assistant`.
    pub role: String,
    /// The words.
    pub content: String,
}

/// What a model wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The text, without special tokens.
    pub text: String,
    /// Tokens of the prompt.
    pub prompt_tokens: usize,
    /// Tokens that were chosen; the one that ends the text, or those of the text before which it
    /// ends, are among them, as in what servers count.
    pub new_tokens: usize,
    /// Why it ends.
    pub ended: Ended,
}

impl PretrainedModel {
    /// Goes on after `prompt` until the model ends the text, it has one of `stop` in it,
    /// `max_new_tokens` or, where there are none, the model's longest text. The text ends before what
    /// stopped it. The same prompt and settings give the same text, whatever was written before.
    ///
    /// ```no_run
    /// use std::path::Path;
    /// use temper_train::{ChatMessage, Device, PretrainedModel, Sampling, TextPrompt};
    ///
    /// let model = PretrainedModel::load(Path::new("SmolLM2.gguf"), Device::Cpu)?;
    /// let question = ChatMessage { role: "user".into(), content: "Where is Paris?".into() };
    /// let prompt = TextPrompt::Chat(vec![question]);
    /// let written = model.complete(&prompt, Some(64), &Sampling::default(), &["\n".into()])?;
    /// println!("{}", written.text);
    /// # Ok::<(), temper_train::TrainError>(())
    /// ```
    ///
    /// # Errors
    /// The prompt has no token or too many, the chat template fails, a setting is out of its
    /// bounds, or the device failed.
    pub fn complete(
        &self,
        prompt: &TextPrompt,
        max_new_tokens: Option<usize>,
        sampling: &Sampling,
        stop: &[String],
    ) -> Result<Written, PretrainedError> {
        self.stream(prompt, max_new_tokens, sampling, stop, &mut |_| ControlFlow::Continue(()))
    }

    /// The same, where `observe` is told after each token what is new and certain of the text, which
    /// may be nothing; its `Break` ends the text there.
    ///
    /// # Errors
    /// As [`PretrainedModel::complete`].
    pub fn stream(
        &self,
        prompt: &TextPrompt,
        max_new_tokens: Option<usize>,
        sampling: &Sampling,
        stop: &[String],
        observe: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<Written, PretrainedError> {
        if stop.iter().any(String::is_empty) {
            let value = format!("{stop:?}");
            return Err(PretrainedError::Sampling { key: "stop", value, fault: "partly empty" });
        }
        let tokens = self.encode(prompt)?;
        let tokenizer = self.tokenizer();
        let mut pieces = tokenizer.decode_stream(true);
        let mut excerpt = Excerpt::new(stop);
        let mut failure = None;
        let generated = self.go_on(&tokens, max_new_tokens, sampling, &mut |token| {
            let flow = match pieces.step(token) {
                Ok(piece) => observe(excerpt.add(&piece.unwrap_or_default())),
                Err(error) => {
                    failure = Some(error);
                    ControlFlow::Break(())
                }
            };
            if excerpt.is_over() { ControlFlow::Break(()) } else { flow }
        })?;
        if let Some(source) = failure {
            return Err(PretrainedError::Words { source });
        }
        // The end of a character may be missing.
        let whole = tokenizer.decode(&generated.tokens, true).map_err(words_failed)?;
        let rest = whole.strip_prefix(excerpt.text()).unwrap_or_default();
        if !excerpt.is_over() {
            let _ = observe(excerpt.add(rest));
            let _ = observe(excerpt.finish());
        }
        Ok(Written {
            text: excerpt.text().to_owned(),
            prompt_tokens: tokens.len(),
            new_tokens: generated.chosen,
            ended: generated.ended,
        })
    }

    /// The tokens of a prompt.
    ///
    /// # Errors
    /// The chat template or the tokenizer fails.
    pub fn encode(&self, prompt: &TextPrompt) -> Result<Vec<u32>, PretrainedError> {
        let encoding = match prompt {
            TextPrompt::Text(text) => self.tokenizer().encode_fast(&**text, true),
            // The template writes the token that begins a text by itself.
            TextPrompt::Chat(messages) => {
                self.tokenizer().encode_fast(self.render(messages)?, false)
            }
        };
        Ok(encoding.map_err(words_failed)?.get_ids().to_vec())
    }

    fn render(&self, messages: &[ChatMessage]) -> Result<String, PretrainedError> {
        let messages: Vec<_> = messages
            .iter()
            .map(|ChatMessage { role, content }| json!({"role": role, "content": content}))
            .collect();
        ChatTemplate::new(self.words.chat_defaults())
            .and_then(|template| template.render(&messages, true))
            .map_err(|error| PretrainedError::ChatTemplate { source: Box::new(error) })
    }
}

fn words_failed(source: tokenizers::Error) -> PretrainedError {
    PretrainedError::Words { source }
}

#[cfg(test)]
mod tests;
