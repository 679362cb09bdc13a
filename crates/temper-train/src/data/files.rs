//! What kind of files a run's data are, and whether they can be used.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::chat::{ChatDefaults, ChatTemplate};
use super::corpus::{Corpus, matching};
use super::examples::Drafts;
use super::jsonl::{self, Kind, Line, Record, ensure_kind};
use crate::pretrained::{Pretrained, Words, locate};
use crate::{TokenizerKind, TrainConfig, TrainError};

/// The files of a run, read.
pub(super) enum Files {
    /// Documents, those to evaluate on apart.
    Text {
        corpus: Corpus,
        validation: Corpus,
    },
    Examples(Drafts),
}

impl Files {
    /// Reads the files that `data` and `validation_data` match, relative to `base_dir`.
    ///
    /// # Errors
    /// A glob is bad, a file can't be read, text files and `.jsonl` files are mixed, a line is no
    /// example, or a setting has no use for such data.
    pub(super) fn read(
        config: &TrainConfig,
        base_dir: &Path,
        defaults: &ChatDefaults,
    ) -> Result<Files, TrainError> {
        if !is_jsonl(config, base_dir)? {
            ensure_useful(config, None)?;
            return Ok(Files::Text {
                corpus: Corpus::read("data", &config.data, base_dir)?,
                validation: Corpus::read("validation_data", &config.validation_data, base_dir)?,
            });
        }
        let lines = jsonl::read("data", &config.data, base_dir)?;
        let validation = jsonl::read("validation_data", &config.validation_data, base_dir)?;
        let first = lines.first().ok_or(TrainError::NoExamples { key: "data" })?;
        let kind = first.record.kind();
        ensure_useful(config, Some(kind))?;
        if kind == Kind::Text {
            ensure_kind(kind, &validation)?;
            return Ok(Files::Text { corpus: documents(lines), validation: documents(validation) });
        }
        let template = ChatTemplate::of_run(config, base_dir, defaults)?;
        Ok(Files::Examples(Drafts::new(config, &template, lines, validation)?))
    }
}

impl TrainConfig {
    /// Checks the data as far as that is cheap before training: that the files are there, and that
    /// each line of `.jsonl` files is an example and, unless the tokenizer has to be learned first,
    /// not too long. Says whether examples have labels, so that there will be an accuracy. Text files
    /// are not read.
    ///
    /// # Errors
    /// A glob is malformed or matches no file, a file or folder can't be read, or a line is no
    /// example or too long; such an error names the file and the line.
    pub fn check_data(&self, base_dir: &Path) -> Result<bool, TrainError> {
        self.find_data(base_dir)?;
        if !is_jsonl(self, base_dir)? {
            ensure_useful(self, None)?;
            return Ok(false);
        }
        let pretrained = self.base_model.as_ref();
        let pretrained = pretrained.map(|path| Pretrained::open(&locate(path, base_dir)?));
        let words = pretrained.transpose()?.map(|pretrained| pretrained.words);
        let defaults = words.as_ref().map(Words::chat_defaults).unwrap_or_default();
        match Files::read(self, base_dir, &defaults)? {
            Files::Text { .. } => Ok(false),
            Files::Examples(drafts) => {
                let has_labels = drafts.has_labels();
                if words.is_some() || self.tokenizer == TokenizerKind::Bytes {
                    drafts.encode(self, words.as_ref())?;
                }
                Ok(has_labels)
            }
        }
    }
}

/// Whether the data are `.jsonl` files.
fn is_jsonl(config: &TrainConfig, base_dir: &Path) -> Result<bool, TrainError> {
    let mut files: BTreeSet<PathBuf> = matching("data", &config.data, base_dir)?;
    files.extend(matching("validation_data", &config.validation_data, base_dir)?);
    let is_jsonl = |file: &&PathBuf| {
        file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("jsonl"))
    };
    let jsonl = files.iter().find(is_jsonl);
    let text = files.iter().find(|file| !is_jsonl(file));
    match (jsonl, text) {
        (Some(jsonl), Some(text)) => {
            Err(TrainError::MixedData { jsonl: jsonl.clone(), text: text.clone() })
        }
        (jsonl, _) => Ok(jsonl.is_some()),
    }
}

/// Each line of `text` is a document.
fn documents(lines: Vec<Line>) -> Corpus {
    let documents: Vec<_> = lines
        .into_iter()
        .filter_map(|line| match line.record {
            Record::Text(text) => Some((line.place.path.to_path_buf(), text)),
            _ => None,
        })
        .collect();
    Corpus { matched: documents.len(), documents, skipped: 0 }
}

/// Checks that no setting is given that data of a kind have no use for; `None`: text files.
fn ensure_useful(config: &TrainConfig, kind: Option<Kind>) -> Result<(), TrainError> {
    let examples = [Kind::Completion, Kind::Messages, Kind::Labelled];
    let settings: [(&str, bool, &[Kind]); 5] = [
        ("train_on_prompt", config.train_on_prompt, &examples),
        ("truncate", config.truncate, &examples),
        ("packing", config.packing, &examples),
        ("chat_template", config.chat_template.is_some(), &[Kind::Messages]),
        ("labels", !config.labels.is_empty(), &[Kind::Labelled]),
    ];
    let has_use = |users: &[Kind]| kind.is_some_and(|kind| users.contains(&kind));
    match settings.into_iter().find(|(_, is_given, users)| *is_given && !has_use(users)) {
        Some((key, ..)) => Err(TrainError::NotOfData { key, kind }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn check(files: &[(&str, &str)], config: TrainConfig) -> Result<bool, String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let config = TrainConfig { data: vec!["*".into()], ..config };
        config.check_data(folder.path()).map_err(|error| {
            assert!(error.key().is_some() && error.help().is_some(), "{error}");
            error
                .to_string()
                .replace(&format!("{}/", folder.path().canonicalize().unwrap().display()), "")
        })
    }

    const LABELLED: &str =
        "{\"prompt\": \"p\", \"label\": \"a\"}\n{\"prompt\": \"q\", \"label\": \"b\"}";

    #[test]
    fn text_and_jsonl_do_not_mix_and_a_file_of_each_is_named() {
        let mixed = [("a.txt", "text"), ("b.jsonl", LABELLED), ("c.txt", "text")];
        assert_eq!(
            check(&mixed, TrainConfig::default()).unwrap_err(),
            "`data`: a.txt is text, and b.jsonl has examples"
        );
    }

    #[test]
    fn it_is_said_whether_there_are_labels() {
        assert_eq!(check(&[("b.jsonl", LABELLED)], TrainConfig::default()), Ok(true));
        assert_eq!(check(&[("b.txt", "text")], TrainConfig::default()), Ok(false));
        assert_eq!(check(&[("b.jsonl", "{\"text\": \"t\"}")], TrainConfig::default()), Ok(false));
    }

    #[test]
    fn a_label_that_is_not_known_is_named_with_its_line() {
        let labels = vec!["a".to_owned(), "c".to_owned()];
        let config = TrainConfig { labels, ..TrainConfig::default() };
        assert_eq!(
            check(&[("b.jsonl", LABELLED)], config).unwrap_err(),
            "b.jsonl:2: label \"b\" is none of [\"a\", \"c\"]"
        );
        let one = "{\"prompt\": \"p\", \"label\": \"a\"}";
        assert_eq!(
            check(&[("b.jsonl", one)], TrainConfig::default()).unwrap_err(),
            "`labels`: {\"a\"} is fewer than two labels"
        );
    }

    #[test]
    fn a_setting_that_the_data_have_no_use_for_is_refused() {
        let packed = TrainConfig { packing: true, ..TrainConfig::default() };
        assert_eq!(
            check(&[("b.txt", "text")], packed.clone()).unwrap_err(),
            "`packing` has no use: the data are documents"
        );
        assert_eq!(check(&[("b.jsonl", LABELLED)], packed), Ok(true));
        let template = Some("{{ messages }}".to_owned());
        let templated = TrainConfig { chat_template: template, ..TrainConfig::default() };
        assert_eq!(
            check(&[("b.jsonl", LABELLED)], templated).unwrap_err(),
            "`chat_template` has no use: the data are lines of `prompt` and `label`"
        );
    }
}
