//! Going on with a text, token by token.

use std::ops::ControlFlow;

use super::model::values;
use super::penalties::Occurred;
use super::{PretrainedError, PretrainedModel, Sampling};
use crate::rng::{Draw, stream};

/// Why a text ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The model ended it, or it came to a text before which it was to end.
    Stop,
    /// It has as many tokens as it may have, or as the model can take.
    Length,
}

/// Tokens that a model wrote.
pub(super) struct Generated {
    /// Without the one that ends a text.
    pub(super) tokens: Vec<u32>,
    /// With that one.
    pub(super) chosen: usize,
    pub(super) ended: Ended,
}

impl PretrainedModel {
    /// Goes on after `tokens` until a token that ends a text, `max_new_tokens` or the model's
    /// longest text, and gives the new tokens without the one that ends it. `observe` is called
    /// with each; its `Break` ends the text there.
    ///
    /// # Errors
    /// There is no token or too many, one is not in the vocabulary, a setting of `sampling` is out
    /// of its bounds, or the device failed.
    pub fn generate(
        &self,
        tokens: &[u32],
        max_new_tokens: usize,
        sampling: &Sampling,
        observe: &mut dyn FnMut(u32) -> ControlFlow<()>,
    ) -> Result<Vec<u32>, PretrainedError> {
        Ok(self.go_on(tokens, Some(max_new_tokens), sampling, observe)?.tokens)
    }

    /// The same, where `None` stands for as many tokens as the model can take, with why it ended.
    pub(super) fn go_on(
        &self,
        prompt: &[u32],
        max_new_tokens: Option<usize>,
        sampling: &Sampling,
        observe: &mut dyn FnMut(u32) -> ControlFlow<()>,
    ) -> Result<Generated, PretrainedError> {
        sampling.validate()?;
        let positions = self.shape.max_position_embeddings;
        if prompt.is_empty() {
            return Err(PretrainedError::EmptyPrompt);
        }
        if prompt.len() > positions {
            return Err(PretrainedError::PromptTooLong { tokens: prompt.len(), positions });
        }
        // The last token of all is not read.
        let room = positions - prompt.len() + 1;
        let limit = max_new_tokens.map_or(room, |tokens| tokens.min(room));
        let (mut cache, mut logits) = self.read_prompt(prompt)?;
        let mut rng = stream(sampling.seed, Draw::Text);
        let mut occurred = Occurred::in_prompt(prompt);
        let mut tokens = Vec::new();
        while tokens.len() < limit {
            if let Some(last) = tokens.last() {
                logits = self.read(&[*last], 1, &mut cache)?;
            }
            let mut logits = values(logits.clone())?;
            if !logits.iter().all(|logit| logit.is_finite()) {
                let tokens = prompt.len() + tokens.len();
                return Err(PretrainedError::LogitsNotFinite { tokens });
            }
            occurred.penalize(&mut logits, sampling);
            let next = sampling.choose(&logits, &mut rng);
            if self.words.is_end(next) {
                let chosen = tokens.len() + 1;
                return Ok(Generated { tokens, chosen, ended: Ended::Stop });
            }
            tokens.push(next);
            occurred.add(next);
            if observe(next).is_break() {
                let chosen = tokens.len();
                return Ok(Generated { tokens, chosen, ended: Ended::Stop });
            }
        }
        let chosen = tokens.len();
        Ok(Generated { tokens, chosen, ended: Ended::Length })
    }
}
