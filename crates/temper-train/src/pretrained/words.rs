//! How a pretrained model reads and writes text.

use std::sync::Arc;

use tokenizers::{DecoderWrapper, Tokenizer};

use super::GenerationDefaults;
use crate::TrainError;
use crate::data::ChatDefaults;

/// What `SentencePiece` writes for a space.
const SPACE: char = '\u{2581}';

/// A checkpoint's tokenizer, and what its special tokens mean.
#[derive(Clone)]
pub(crate) struct Words {
    /// Shared, as it takes megabytes.
    pub(crate) tokenizer: Arc<Tokenizer>,
    /// How a chat becomes text, in Jinja.
    pub(super) chat_template: Option<String>,
    /// The token at the start of a text.
    pub(super) bos: Option<u32>,
    /// The tokens that end a text.
    pub(super) eos: Vec<u32>,
    /// How it is to write where nothing else is said.
    pub(super) defaults: GenerationDefaults,
}

impl Words {
    /// Those of a tokenizer that was learned here.
    pub(crate) fn learned(tokenizer: Tokenizer, end_of_text: u32) -> Words {
        let tokenizer = Arc::new(tokenizer);
        let (eos, defaults) = (vec![end_of_text], GenerationDefaults::default());
        Words { tokenizer, chat_template: None, bos: None, eos, defaults }
    }

    /// The same, with a chat template in the place of its own.
    pub(crate) fn with_chat_template(self, template: String) -> Words {
        Words { chat_template: Some(template), ..self }
    }

    /// The largest token.
    pub(super) fn last_token(&self) -> Option<u32> {
        self.tokenizer.get_vocab(true).into_values().max()
    }

    /// The token that ends a text; where the checkpoint names none, the first of the vocabulary.
    pub(crate) fn end_of_text(&self) -> u32 {
        self.eos.first().copied().unwrap_or(0)
    }

    /// The token before a text: the one that begins texts, or else the end of another.
    pub(crate) fn start_of_text(&self) -> u32 {
        self.bos.unwrap_or_else(|| self.end_of_text())
    }

    /// Whether the token ends a text.
    pub(crate) fn is_end(&self, token: u32) -> bool {
        self.eos.contains(&token)
    }

    /// How conversations are written, as far as the checkpoint says.
    pub(crate) fn chat_defaults(&self) -> ChatDefaults {
        let text = |token: Option<u32>| {
            token.and_then(|token| self.tokenizer.id_to_token(token)).unwrap_or_default()
        };
        ChatDefaults {
            template: self.chat_template.clone(),
            bos_token: text(self.bos),
            eos_token: text(self.eos.first().copied()),
        }
    }

    /// The tokens of a text. What spells a special token is one, as in transformers.
    ///
    /// # Errors
    /// The text could not be encoded.
    pub(crate) fn encode(&self, text: &str) -> Result<Vec<u32>, TrainError> {
        let encoding = self
            .tokenizer
            .encode_fast(text, false)
            .map_err(|source| TrainError::Tokenizer { source })?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The bytes of text that `tokens` stand for; a special token counts as one.
    pub(crate) fn bytes(&self, tokens: &[u32]) -> u64 {
        let is_byte_level = self.tokenizer.get_decoder().is_some_and(is_byte_level);
        let added = self.tokenizer.get_added_tokens_decoder();
        let bytes = |token: &u32| {
            if added.get(token).is_some_and(|token| token.special) {
                return 1;
            }
            let Some(text) = self.tokenizer.id_to_token(*token) else { return 1 };
            if is_byte_level {
                // It writes each byte as one character.
                text.chars().count()
            } else if text.len() == 6 && text.starts_with("<0x") {
                1
            } else {
                text.chars().map(|char| if char == SPACE { 1 } else { char.len_utf8() }).sum()
            }
        };
        tokens.iter().map(|token| bytes(token) as u64).sum()
    }
}

fn is_byte_level(decoder: &DecoderWrapper) -> bool {
    match decoder {
        DecoderWrapper::ByteLevel(_) => true,
        DecoderWrapper::Sequence(parts) => parts.get_decoders().iter().any(is_byte_level),
        _ => false,
    }
}
