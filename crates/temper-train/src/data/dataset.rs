//! The tokens of one run: those to train on and those held out.

use std::collections::BTreeSet;
use std::path::Path;

use super::corpus::Corpus;
use super::split::{Split, split};
use super::tokenizer::Tokenizer;
use crate::pretrained::Pretrained;
use crate::{TrainConfig, TrainError};

/// The tokens of one run.
pub(crate) struct Dataset {
    /// Training documents, each followed by a separator; longer than one sequence.
    pub train: Vec<u32>,
    /// The text to evaluate on.
    pub held_out: HeldOut,
    /// Files that were skipped because they are not UTF-8.
    pub skipped_files: usize,
}

/// The text to evaluate on.
pub(crate) struct HeldOut {
    /// Held-out documents, each followed by a separator; at least two tokens.
    pub tokens: Vec<u32>,
    /// Bytes of text that all tokens but the first, the targets, stand for.
    pub bytes: u64,
}

impl Dataset {
    /// Reads, splits and tokenizes the text that `config` names, relative to `base_dir`; the
    /// tokenizer is that of the checkpoint to start from, if there is one.
    ///
    /// # Errors
    /// A glob is bad, a file can't be read, or there is not enough text.
    pub(crate) fn load(
        config: &TrainConfig,
        pretrained: Option<&Pretrained>,
        base_dir: &Path,
    ) -> Result<Dataset, TrainError> {
        let corpus = Corpus::read("data", &config.data, base_dir)?;
        let validation = Corpus::read("validation_data", &config.validation_data, base_dir)?;
        let has_validation = !config.validation_data.is_empty();
        ensure_text("data", &config.data, &corpus)?;
        if has_validation {
            ensure_text("validation_data", &config.validation_data, &validation)?;
        }

        let split = if has_validation {
            given_split(&corpus, &validation)
        } else {
            let texts: Vec<&str> = corpus.documents.iter().map(|(_, text)| &**text).collect();
            split(&texts, config.validation_fraction)
        };
        let tokenizer = match pretrained {
            Some(pretrained) => Tokenizer::Pretrained(Box::new(pretrained.words.clone())),
            None => Tokenizer::learn(config.tokenizer, config.vocabulary(), &split.train)?,
        };
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
            train,
            held_out: HeldOut { tokens, bytes },
            skipped_files: corpus.skipped + validation.skipped,
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
        Dataset::load(&TrainConfig { max_seq_length: 8, ..config }, None, folder.path())
    }

    fn globs(pattern: &str) -> Vec<String> {
        vec![pattern.to_owned()]
    }

    #[test]
    fn a_part_of_every_file_is_held_out() {
        let dataset = load(TrainConfig { data: globs("*"), ..TrainConfig::default() }).unwrap();
        assert_eq!(dataset.train.len(), 91 + 91);
        assert_eq!(dataset.held_out.tokens.len(), 11 + 11);
        assert_eq!(dataset.held_out.bytes, 21);
        assert_eq!(dataset.skipped_files, 1);
    }

    #[test]
    fn a_file_given_for_validation_is_not_trained_on() {
        let config = TrainConfig {
            data: globs("*.txt"),
            validation_data: globs("b*"),
            ..TrainConfig::default()
        };
        let dataset = load(config).unwrap();
        assert!(!dataset.train.contains(&u32::from(b'b')));
        assert!(!dataset.held_out.tokens.contains(&u32::from(b'a')));
    }

    #[test]
    fn eval_tokens_caps_the_targets() {
        let config =
            TrainConfig { data: globs("*"), eval_tokens: Some(5), ..TrainConfig::default() };
        let held_out = load(config).unwrap().held_out;
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
        let short = Dataset::load(&config, None, folder.path()).err().unwrap();
        assert_eq!(short.to_string(), "`data`: the text has 6 tokens, fewer than the 129 needed");
    }
}
