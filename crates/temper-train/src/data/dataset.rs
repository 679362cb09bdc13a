//! The tokens of one run: those to train on and those held out.

use std::collections::BTreeSet;
use std::path::Path;

use burn::tensor::Device;

use super::corpus::Corpus;
use super::examples::{HeldOutExamples, TrainExamples};
use super::files::Files;
use super::sequences::{Sequences, random_starts};
use super::split::{Split, split};
use super::tokenizer::Tokenizer;
use crate::config::{Batch, Volume};
use crate::pretrained::{Pretrained, Words};
use crate::{TrainConfig, TrainError};

/// The tokens of one run.
pub(crate) struct Dataset {
    /// What to train on.
    pub train: Train,
    /// What to evaluate on.
    pub held_out: HeldOut,
    /// How its text became tokens.
    pub tokenizer: Tokenizer,
    /// Files that were skipped because they are not UTF-8.
    pub skipped_files: usize,
    /// Examples whose end was cut.
    pub truncated_examples: u64,
    /// Examples that were left out because nothing to learn is left of them.
    pub dropped_examples: u64,
}

/// What to train on.
pub(crate) enum Train {
    /// Documents, each followed by a separator; longer than one sequence.
    Text(Vec<u32>),
    Examples(TrainExamples),
}

/// What to evaluate on.
pub(crate) enum HeldOut {
    Text(HeldOutText),
    Examples(HeldOutExamples),
}

/// The text to evaluate on.
pub(crate) struct HeldOutText {
    /// Held-out documents, each followed by a separator; at least two tokens.
    pub tokens: Vec<u32>,
    /// Bytes of text that all tokens but the first, the targets, stand for.
    pub bytes: u64,
}

impl Train {
    /// How much there is to train on, in steps of `batch`.
    ///
    /// # Errors
    /// The batch sizes disagree.
    pub(crate) fn volume(&self, config: &TrainConfig) -> Result<Volume, TrainError> {
        Ok(match self {
            Train::Text(tokens) => config.text_volume(tokens.len() as u64)?,
            Train::Examples(examples) => examples.volume(config.batch()?.size()),
        })
    }

    /// What each pass of an optimizer step trains on: a function of the seed and the step alone.
    pub(crate) fn passes(
        &self,
        config: &TrainConfig,
        batch: Batch,
        step: u64,
        device: &Device,
    ) -> Vec<Sequences> {
        match self {
            Train::Text(tokens) => {
                let (length, count) = (config.max_seq_length, batch.size());
                let starts = random_starts(tokens.len(), length, count, config.seed, step);
                let passes = starts.chunks(batch.micro_batch_size);
                passes.map(|starts| Sequences::cut(tokens, starts, length, device)).collect()
            }
            Train::Examples(examples) => examples.passes(config.seed, batch, step, device),
        }
    }
}

impl Dataset {
    /// Reads, splits and tokenizes what `config` names, relative to `base_dir`; the tokenizer is
    /// that of the checkpoint to start from, if there is one.
    ///
    /// # Errors
    /// A glob is bad, a file can't be read, a line is no example, or there is not enough.
    pub(crate) fn load(
        config: &TrainConfig,
        base_dir: &Path,
        pretrained: Option<&Pretrained>,
    ) -> Result<Dataset, TrainError> {
        let words = pretrained.map(|pretrained| &pretrained.words);
        let defaults = words.map(Words::chat_defaults).unwrap_or_default();
        match Files::read(config, base_dir, &defaults)? {
            Files::Text { corpus, validation } => {
                Self::of_text(config, words, &corpus, &validation)
            }
            Files::Examples(drafts) => {
                let examples = drafts.encode(config, words)?;
                Ok(Dataset {
                    train: Train::Examples(examples.train),
                    held_out: HeldOut::Examples(examples.held_out),
                    tokenizer: examples.tokenizer,
                    skipped_files: 0,
                    truncated_examples: examples.truncated,
                    dropped_examples: examples.dropped,
                })
            }
        }
    }

    fn of_text(
        config: &TrainConfig,
        words: Option<&Words>,
        corpus: &Corpus,
        validation: &Corpus,
    ) -> Result<Dataset, TrainError> {
        let has_validation = !config.validation_data.is_empty();
        ensure_text("data", &config.data, corpus)?;
        if has_validation {
            ensure_text("validation_data", &config.validation_data, validation)?;
        }

        let split = if has_validation {
            given_split(corpus, validation)
        } else {
            let texts: Vec<&str> = corpus.documents.iter().map(|(_, text)| &**text).collect();
            split(&texts, config.validation_fraction)
        };
        let tokenizer = Tokenizer::of_run(config, words, &split.train)?;
        let train = tokenizer.encode(&split.train)?;
        ensure_tokens("data", train.len(), config.max_seq_length + 1)?;

        let mut tokens = tokenizer.encode(&split.held_out)?;
        if let Some(targets) = config.eval_tokens {
            tokens.truncate(usize::try_from(targets).unwrap_or(usize::MAX).saturating_add(1));
        }
        let key = if has_validation { "validation_data" } else { "validation_fraction" };
        ensure_tokens(key, tokens.len(), 2)?;
        let bytes = tokenizer.bytes(&tokens[1..]);

        Ok(Dataset {
            train: Train::Text(train),
            held_out: HeldOut::Text(HeldOutText { tokens, bytes }),
            tokenizer,
            skipped_files: corpus.skipped + validation.skipped,
            truncated_examples: 0,
            dropped_examples: 0,
        })
    }
}

/// A file that both settings match is evaluated on, not trained on.
fn given_split<'a>(corpus: &'a Corpus, validation: &'a Corpus) -> Split<'a> {
    let held_out: BTreeSet<_> = validation.documents.iter().map(|(path, _)| path).collect();
    let is_trained = |path| !held_out.contains(path);
    Split {
        train: corpus
            .documents
            .iter()
            .filter(|(path, _)| is_trained(path))
            .map(|(_, text)| text.as_str())
            .collect(),
        held_out: validation.documents.iter().map(|(_, text)| text.as_str()).collect(),
    }
}

fn ensure_text(key: &'static str, patterns: &[String], corpus: &Corpus) -> Result<(), TrainError> {
    if !corpus.documents.is_empty() {
        return Ok(());
    }
    Err(TrainError::NoData {
        key,
        patterns: patterns.to_vec(),
        matched: corpus.matched,
        skipped: corpus.skipped,
    })
}

fn ensure_tokens(key: &'static str, tokens: usize, needed: usize) -> Result<(), TrainError> {
    if tokens >= needed {
        return Ok(());
    }
    Err(TrainError::TooLittleText { key, tokens, needed })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn load(config: TrainConfig) -> Result<Dataset, TrainError> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.txt"), "a".repeat(100)).unwrap();
        fs::write(folder.path().join("b.txt"), "b".repeat(100)).unwrap();
        fs::write(folder.path().join("c.bin"), [0xff]).unwrap();
        let config = TrainConfig { max_seq_length: 8, ..config };
        Dataset::load(&config, folder.path(), None)
    }

    fn tokens(dataset: Dataset) -> (Vec<u32>, HeldOutText) {
        match (dataset.train, dataset.held_out) {
            (Train::Text(train), HeldOut::Text(held_out)) => (train, held_out),
            _ => panic!("it has examples"),
        }
    }

    fn globs(pattern: &str) -> Vec<String> {
        vec![pattern.to_owned()]
    }

    #[test]
    fn a_part_of_every_file_is_held_out() {
        let dataset = load(TrainConfig { data: globs("*"), ..TrainConfig::default() }).unwrap();
        assert_eq!(dataset.skipped_files, 1);
        let (train, held_out) = tokens(dataset);
        assert_eq!(train.len(), 91 + 91);
        assert_eq!(held_out.tokens.len(), 11 + 11);
        assert_eq!(held_out.bytes, 21);
    }

    #[test]
    fn a_file_given_for_validation_is_not_trained_on() {
        let config = TrainConfig {
            data: globs("*.txt"),
            validation_data: globs("b*"),
            ..TrainConfig::default()
        };
        let (train, held_out) = tokens(load(config).unwrap());
        assert!(!train.contains(&u32::from(b'b')));
        assert!(!held_out.tokens.contains(&u32::from(b'a')));
    }

    #[test]
    fn eval_tokens_caps_the_targets() {
        let config =
            TrainConfig { data: globs("*"), eval_tokens: Some(5), ..TrainConfig::default() };
        let (_, held_out) = tokens(load(config).unwrap());
        assert_eq!((held_out.tokens.len(), held_out.bytes), (6, 5));
    }

    #[test]
    fn no_text_and_too_little_text_are_errors_that_name_the_setting() {
        let none = load(TrainConfig { data: globs("*.md"), ..TrainConfig::default() });
        assert_eq!(
            none.err().unwrap().to_string(),
            "`data`: no text in the 0 files of [\"*.md\"] (0 not UTF-8)"
        );
        let binary = load(TrainConfig { data: globs("*.bin"), ..TrainConfig::default() });
        assert_eq!(
            binary.err().unwrap().to_string(),
            "`data`: no text in the 1 files of [\"*.bin\"] (1 not UTF-8)"
        );
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.txt"), "short").unwrap();
        let config = TrainConfig { data: globs("*"), ..TrainConfig::default() };
        let short = Dataset::load(&config, folder.path(), None);
        let short = short.err().unwrap();
        assert_eq!(short.to_string(), "`data`: the text has 6 tokens, fewer than the 129 needed");
    }
}
