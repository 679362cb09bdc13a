//! How text becomes tokens.

use serde::{Deserialize, Serialize};
use tokenizers::models::bpe::{BPE, BpeTrainer, Vocab};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{
    AddedToken, DecoderWrapper, NormalizerWrapper, PostProcessorWrapper, TokenizerImpl,
};

use crate::pretrained::Words;
use crate::{TrainConfig, TrainError};

/// The token between documents in a BPE.
const END_OF_TEXT: &str = "<|endoftext|>";

/// Pieces of a text that is tokenized are at least so long, but for the last.
const PIECE_BYTES: usize = 1 << 16;

/// A pair of tokens must occur this often to become a token.
const MIN_FREQUENCY: u64 = 2;

/// How text becomes tokens.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "lowercase")]
pub enum TokenizerKind {
    /// One token per byte; byte 0 separates documents.
    #[default]
    Bytes,
    /// Byte-level byte-pair encoding (Sennrich et al. 2016; Radford et al. 2019), learned from the
    /// training text; an end-of-text token separates documents.
    Bpe,
}

/// A tokenizer that is ready to use.
pub(crate) enum Tokenizer {
    Bytes,
    Bpe { model: Box<BytePairs>, end_of_text: u32 },
    Pretrained(Box<Words>),
}

type BytePairs =
    TokenizerImpl<BPE, NormalizerWrapper, ByteLevel, PostProcessorWrapper, DecoderWrapper>;

impl Tokenizer {
    /// Learns a tokenizer of at most `vocabulary` tokens from `texts`; the same texts give the
    /// same tokenizer.
    ///
    /// # Errors
    /// The BPE could not be trained.
    pub(super) fn learn(
        kind: TokenizerKind,
        vocabulary: usize,
        texts: &[&str],
    ) -> Result<Tokenizer, TrainError> {
        if kind == TokenizerKind::Bytes {
            return Ok(Tokenizer::Bytes);
        }
        let mut trainer = BpeTrainer::builder()
            .show_progress(false)
            .vocab_size(vocabulary)
            .min_frequency(MIN_FREQUENCY)
            .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
            .special_tokens(vec![AddedToken::from(END_OF_TEXT, true)])
            .build();
        let mut model = BytePairs::new(BPE::default());
        model.with_pre_tokenizer(Some(pre_tokenizer()));
        model.with_decoder(Some(DecoderWrapper::ByteLevel(ByteLevel::default())));
        let pieces = texts.iter().flat_map(|text| pieces(text));
        model.train(&mut trainer, pieces).map_err(failed)?;
        // The end-of-text token that a document spells out is text.
        model.set_encode_special_tokens(true);
        let end_of_text =
            model.token_to_id(END_OF_TEXT).expect("the trainer adds its special tokens");
        Ok(Tokenizer::Bpe { model: Box::new(model), end_of_text })
    }

    /// The tokenizer of a run: that of the checkpoint to start from, or one learned from the
    /// training texts.
    ///
    /// # Errors
    /// The BPE could not be trained.
    pub(super) fn of_run(
        config: &TrainConfig,
        words: Option<&Words>,
        texts: &[&str],
    ) -> Result<Tokenizer, TrainError> {
        match words {
            Some(words) => Ok(Tokenizer::Pretrained(Box::new(words.clone()))),
            None => Tokenizer::learn(config.tokenizer, config.vocabulary(), texts),
        }
    }

    /// The tokens of `texts`, each followed by the separator.
    ///
    /// # Errors
    /// The BPE could not encode a text.
    pub(super) fn encode(&self, texts: &[&str]) -> Result<Vec<u32>, TrainError> {
        let mut tokens = Vec::new();
        for text in texts {
            tokens.extend(self.encode_text(text)?);
            tokens.push(self.end_of_text());
        }
        Ok(tokens)
    }

    /// The tokens of a stretch of text, without a separator.
    ///
    /// # Errors
    /// The BPE could not encode the text.
    pub(crate) fn encode_text(&self, text: &str) -> Result<Vec<u32>, TrainError> {
        match self {
            Tokenizer::Bytes => Ok(text.bytes().map(u32::from).collect()),
            Tokenizer::Bpe { model, .. } => {
                let mut tokens = Vec::new();
                for piece in pieces(text) {
                    let encoding = model.encode_fast(piece, false).map_err(failed)?;
                    tokens.extend_from_slice(encoding.get_ids());
                }
                Ok(tokens)
            }
            Tokenizer::Pretrained(words) => words.encode(text),
        }
    }

    /// A BPE that was learned before, in Hugging Face's form.
    pub(crate) fn learned_words(tokenizer: tokenizers::Tokenizer) -> Words {
        let end_of_text = tokenizer.token_to_id(END_OF_TEXT).unwrap_or(0);
        Words::learned(tokenizer, end_of_text)
    }

    /// The text of tokens, without special ones; what is no UTF-8 is replaced.
    ///
    /// # Errors
    /// The BPE could not decode them.
    pub(crate) fn decode(&self, tokens: &[u32]) -> Result<String, TrainError> {
        match self {
            Tokenizer::Bytes => {
                let bytes = tokens.iter().filter_map(|token| u8::try_from(*token).ok());
                let bytes: Vec<u8> = bytes.filter(|byte| *byte != 0).collect();
                Ok(String::from_utf8_lossy(&bytes).into_owned())
            }
            Tokenizer::Bpe { model, .. } => model.decode(tokens, true).map_err(failed),
            Tokenizer::Pretrained(words) => words.tokenizer.decode(tokens, true).map_err(failed),
        }
    }

    /// The token before a text: one that begins it, or else the end of another.
    pub(crate) fn start_of_text(&self) -> u32 {
        match self {
            Tokenizer::Pretrained(words) => words.start_of_text(),
            _ => self.end_of_text(),
        }
    }

    /// Whether it is that of a checkpoint, whose model knows how a text begins.
    pub(crate) fn is_pretrained(&self) -> bool {
        matches!(self, Tokenizer::Pretrained(_))
    }

    /// Whether the token ends a text.
    pub(crate) fn is_end(&self, token: u32) -> bool {
        match self {
            Tokenizer::Pretrained(words) => words.is_end(token),
            _ => token == self.end_of_text(),
        }
    }

    /// The token that separates documents.
    pub(crate) fn end_of_text(&self) -> u32 {
        match self {
            Tokenizer::Bytes => 0,
            Tokenizer::Bpe { end_of_text, .. } => *end_of_text,
            Tokenizer::Pretrained(words) => words.end_of_text(),
        }
    }

    /// The same in Hugging Face's form.
    ///
    /// # Errors
    /// The tokens of bytes could not be listed.
    pub(crate) fn words(&self) -> Result<Words, TrainError> {
        let (model, pre_tokenizer) = match self {
            Tokenizer::Bytes => (bytes_as_pairs()?, ByteLevel::new(false, false, false)),
            Tokenizer::Bpe { model, .. } => (model.get_model().clone(), pre_tokenizer()),
            Tokenizer::Pretrained(words) => return Ok((**words).clone()),
        };
        let mut tokenizer = tokenizers::Tokenizer::new(model);
        tokenizer.with_pre_tokenizer(Some(pre_tokenizer));
        tokenizer.with_decoder(Some(ByteLevel::default()));
        if matches!(self, Tokenizer::Bpe { .. }) {
            let special = [AddedToken::from(END_OF_TEXT, true)];
            tokenizer.add_special_tokens(&special);
        }
        Ok(Words::learned(tokenizer, self.end_of_text()))
    }

    /// The bytes of text that `tokens` stand for; a separator counts as one, so that all
    /// tokenizers give the same text the same number of bytes.
    pub(super) fn bytes(&self, tokens: &[u32]) -> u64 {
        match self {
            Tokenizer::Bytes => tokens.len() as u64,
            Tokenizer::Pretrained(words) => words.bytes(tokens),
            Tokenizer::Bpe { model, end_of_text } => tokens
                .iter()
                .map(|token| match model.id_to_token(*token) {
                    // A byte-level BPE writes each byte as one character.
                    Some(text) if token != end_of_text => text.chars().count() as u64,
                    _ => 1,
                })
                .sum(),
        }
    }
}

/// What splits a text into words: pairs are joined within them alone.
fn pre_tokenizer() -> ByteLevel {
    ByteLevel::new(false, false, true)
}

/// A text in pieces that have the same words as the whole: while a text is split into words, it
/// takes a few hundred bytes of memory for each of its own.
///
/// A single space or line end between other characters begins a word, whatever is before it (the
/// pattern of `ByteLevel`, that of GPT-2), so the text may be cut in front of it.
fn pieces(text: &str) -> impl Iterator<Item = &str> + Send {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, others) = rest.split_at(cut(rest));
        rest = others;
        Some(piece)
    })
}

/// Where the first piece of a text ends: at least a byte from its start.
fn cut(text: &str) -> usize {
    let is_word = |byte: u8| byte.is_ascii_graphic();
    let bytes = text.as_bytes();
    let windows = bytes.windows(3).enumerate().skip(PIECE_BYTES);
    let is_cut = |window: &[u8]| {
        is_word(window[0]) && matches!(window[1], b' ' | b'\n') && is_word(window[2])
    };
    let cut = windows.into_iter().find(|(_, window)| is_cut(window));
    cut.map_or(text.len(), |(place, _)| place + 1)
}

/// Byte-pair encoding without pairs, where each byte's token is its value.
fn bytes_as_pairs() -> Result<BPE, TrainError> {
    let spelled = |byte: u8| {
        // A byte-level BPE spells these bytes as themselves, and the others in their order by the
        // characters from 256 on (`bytes_to_unicode` of GPT-2's encoder.py).
        let is_itself = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
        let others = (0..byte).filter(|before| !is_itself(*before)).count() as u32;
        let code = if is_itself(byte) { u32::from(byte) } else { 256 + others };
        let letter = char::from_u32(code).expect("there are fewer than 512 such characters");
        (letter.to_string(), u32::from(byte))
    };
    let vocabulary: Vocab = (0..=u8::MAX).map(spelled).collect();
    BPE::builder().vocab_and_merges(vocabulary, Vec::new()).build().map_err(failed)
}

fn failed(source: Box<dyn std::error::Error + Send + Sync>) -> TrainError {
    TrainError::Tokenizer { source }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 2] = ["the cat and the dog and the cat — été\n", "the <|endoftext|> end"];

    fn bpe() -> Tokenizer {
        Tokenizer::learn(TokenizerKind::Bpe, 270, &TEXTS).unwrap()
    }

    #[test]
    fn bytes_are_separated_by_byte_zero() {
        let tokens = Tokenizer::Bytes.encode(&["ab", "c"]).unwrap();
        assert_eq!(tokens, [97, 98, 0, 99, 0]);
    }

    #[test]
    fn a_bpe_stays_within_its_vocabulary_and_shortens_the_text() {
        let tokens = bpe().encode(&TEXTS).unwrap();
        assert!(tokens.iter().all(|token| *token < 270));
        assert!(tokens.len() < Tokenizer::Bytes.encode(&TEXTS).unwrap().len());
    }

    #[test]
    fn all_tokenizers_agree_on_the_number_of_bytes() {
        let length = TEXTS.iter().map(|text| text.len() as u64 + 1).sum::<u64>();
        for tokenizer in [Tokenizer::Bytes, bpe()] {
            let tokens = tokenizer.encode(&TEXTS).unwrap();
            assert_eq!(tokenizer.bytes(&tokens), length);
        }
    }

    #[test]
    fn a_long_text_in_pieces_has_the_tokens_of_the_whole() {
        let text = "the cat's  dog,\n\n 12 and\nthe cat — été. \tAnd".repeat(10_000);
        assert!(pieces(&text).count() > 5);
        assert_eq!(pieces(&text).collect::<String>(), text);
        let Tokenizer::Bpe { model, .. } = bpe() else { unreachable!() };
        let whole = model.encode_fast(&*text, false).unwrap().get_ids().to_vec();
        assert_eq!(bpe().encode_text(&text).unwrap(), whole);
    }

    #[test]
    fn in_hugging_face_s_form_it_gives_the_same_tokens_and_the_text_again() {
        let text: String = ('\0'..='\u{7ff}').chain("the cat and — été\n".chars()).collect();
        for tokenizer in [Tokenizer::Bytes, bpe()] {
            let words = tokenizer.words().unwrap();
            let tokens = words.encode(&text).unwrap();
            assert_eq!(tokens, tokenizer.encode_text(&text).unwrap());
            assert_eq!(words.tokenizer.decode(&tokens, true).unwrap(), text);
            assert_eq!(words.bytes(&tokens), text.len() as u64);
            assert_eq!(words.end_of_text(), tokenizer.end_of_text());
        }
    }

    #[test]
    fn tokens_become_the_text_again_without_separators() {
        for tokenizer in [Tokenizer::Bytes, bpe()] {
            let tokens = tokenizer.encode(&TEXTS[..1]).unwrap();
            assert_eq!(tokenizer.decode(&tokens).unwrap(), TEXTS[0]);
            assert!(tokenizer.is_end(*tokens.last().unwrap()));
        }
        // The end of a text may be in the middle of a character.
        assert_eq!(Tokenizer::Bytes.decode(&[0x61, 0xc3]).unwrap(), "a\u{fffd}");
    }

    #[test]
    fn the_same_text_gives_the_same_tokenizer() {
        let tokens = bpe().encode(&TEXTS).unwrap();
        for _ in 0..5 {
            assert_eq!(bpe().encode(&TEXTS).unwrap(), tokens);
        }
    }

    #[test]
    fn a_document_that_spells_the_separator_is_text() {
        let tokenizer = bpe();
        let tokens = tokenizer.encode(&["a<|endoftext|>b"]).unwrap();
        let Tokenizer::Bpe { end_of_text, .. } = tokenizer else { unreachable!() };
        assert_eq!(tokens.iter().filter(|token| **token == end_of_text).count(), 1);
    }
}
