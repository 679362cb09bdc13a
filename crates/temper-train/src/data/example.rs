//! Examples as tokens.

use super::draft::Draft;
use super::fault::LineFault;
use super::tokenizer::Tokenizer;
use crate::TrainError;

/// The tokens of an example, and which of them are to be predicted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Example {
    /// At least two.
    pub tokens: Vec<u32>,
    /// Whether each of `tokens` is trained on; the first is not.
    pub trained: Vec<bool>,
    /// Its label, where it has one.
    pub answer: Option<Answer>,
}

/// Which label an example has, and where it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Tokens before the label.
    pub prompt: usize,
    /// The number of the label among all.
    pub label: usize,
}

impl Example {
    /// Tokens that the model reads: all but the last.
    pub(crate) fn inputs(&self) -> usize {
        self.tokens.len() - 1
    }

    /// Tokens that are trained on.
    pub(crate) fn trained_tokens(&self) -> u64 {
        self.trained.iter().filter(|is_trained| **is_trained).count() as u64
    }

    /// The same prompt with another label's tokens, those alone to be predicted.
    pub(crate) fn with_label(&self, prompt: usize, label: &[u32]) -> Example {
        let tokens = [&self.tokens[..prompt], label].concat();
        let trained = (0..tokens.len()).map(|index| index >= prompt).collect();
        Example { tokens, trained, answer: None }
    }
}

/// Turns drafts into examples of at most a length.
pub(super) struct Encoder<'a> {
    pub tokenizer: &'a Tokenizer,
    /// The most tokens that the model reads.
    pub max_seq_length: usize,
    /// Whether longer examples are cut, rather than refused.
    pub truncate: bool,
    /// The tokens of the longest label: it must fit behind every prompt.
    pub longest_label: usize,
}

/// What became of drafts.
#[derive(Default)]
pub(super) struct Encoded {
    pub examples: Vec<Example>,
    /// Examples whose end was cut.
    pub truncated: u64,
    /// Examples that had nothing to learn left.
    pub dropped: u64,
}

impl Encoder<'_> {
    /// The examples of the drafts, in order.
    ///
    /// Each piece becomes tokens by itself. So the boundary of prompt and completion is exact with
    /// every tokenizer: no token reaches over it, and the prompt has the tokens that it has when
    /// the model is used. (Looking for the prompt's tokens at the head of the whole text's finds no
    /// boundary where a tokenizer merges over it.)
    ///
    /// # Errors
    /// The tokenizer fails, or an example is too long and `truncate` is not set.
    pub(super) fn encode(&self, drafts: &[Draft]) -> Result<Encoded, TrainError> {
        let mut encoded = Encoded::default();
        for draft in drafts {
            let mut example = self.example(draft)?;
            let reads = match example.answer {
                Some(answer) => answer.prompt + self.longest_label - 1,
                None => example.inputs(),
            };
            if reads > self.max_seq_length {
                if !self.truncate {
                    let limit = self.max_seq_length;
                    return Err(draft.place.error(LineFault::TooLong { tokens: reads, limit }));
                }
                if example.answer.is_some() {
                    encoded.dropped += 1;
                    continue;
                }
                example.tokens.truncate(self.max_seq_length + 1);
                example.trained.truncate(self.max_seq_length + 1);
                encoded.truncated += 1;
            }
            if example.trained_tokens() == 0 {
                encoded.dropped += 1;
                continue;
            }
            encoded.examples.push(example);
        }
        Ok(encoded)
    }

    fn example(&self, draft: &Draft) -> Result<Example, TrainError> {
        let (mut tokens, mut trained) = (Vec::new(), Vec::new());
        let mut prompt = 0;
        for (index, piece) in draft.pieces.iter().enumerate() {
            if index == 1 {
                prompt = tokens.len();
            }
            tokens.extend(self.tokenizer.encode_text(&piece.text)?);
            trained.resize(tokens.len(), piece.is_trained);
        }
        if draft.ends {
            tokens.push(self.tokenizer.end_of_text());
            trained.push(true);
        }
        // The first token that is learned needs one before it: the end of the text before.
        if trained.first() == Some(&true) {
            tokens.insert(0, self.tokenizer.end_of_text());
            trained.insert(0, false);
            prompt += 1;
        }
        let answer = draft.label.map(|label| Answer { prompt, label });
        Ok(Example { tokens, trained, answer })
    }
}
