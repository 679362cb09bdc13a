//! Text files, read in the order of their paths.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use glob::Pattern;

use crate::{TrainConfig, TrainError};

/// The files that some globs match.
pub(super) struct Corpus {
    /// Each file's path and text, in the order of the paths; files without text are left out.
    pub documents: Vec<(PathBuf, String)>,
    /// Files that the globs match.
    pub matched: usize,
    /// Matching files that are not UTF-8.
    pub skipped: usize,
}

impl Corpus {
    /// Reads the files that `patterns` match, relative to `base_dir`; `key` is the setting that
    /// holds the patterns.
    ///
    /// Line ends become `\n` and a byte-order mark is dropped, so that the same text gives the
    /// same tokens on every system.
    ///
    /// # Errors
    /// A pattern is malformed, or a file or folder can't be read.
    pub(super) fn read(
        key: &'static str,
        patterns: &[String],
        base_dir: &Path,
    ) -> Result<Corpus, TrainError> {
        let paths = matching(key, patterns, base_dir)?;
        let mut corpus = Corpus { documents: Vec::new(), matched: paths.len(), skipped: 0 };
        for path in paths {
            let bytes =
                fs::read(&path).map_err(|source| TrainError::Io { path: path.clone(), source })?;
            let Ok(text) = String::from_utf8(bytes) else {
                corpus.skipped += 1;
                continue;
            };
            let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
            if !text.is_empty() {
                corpus.documents.push((path, text));
            }
        }
        Ok(corpus)
    }
}

impl TrainConfig {
    /// The files that `data` and `validation_data` match, relative to `base_dir`; nothing is read.
    ///
    /// # Errors
    /// A glob is malformed or matches no file, or a folder can't be read.
    pub fn find_data(&self, base_dir: &Path) -> Result<BTreeSet<PathBuf>, TrainError> {
        let mut files = BTreeSet::new();
        for (key, patterns) in [("data", &self.data), ("validation_data", &self.validation_data)] {
            let found = matching(key, patterns, base_dir)?;
            if found.is_empty() && !patterns.is_empty() {
                let patterns = patterns.clone();
                return Err(TrainError::NoData { key, patterns, matched: 0, skipped: 0 });
            }
            files.extend(found);
        }
        Ok(files)
    }
}

/// The files that `patterns` match, relative to `base_dir`.
pub(super) fn matching(
    key: &'static str,
    patterns: &[String],
    base_dir: &Path,
) -> Result<BTreeSet<PathBuf>, TrainError> {
    let base_dir = PathBuf::from(Pattern::escape(&base_dir.to_string_lossy()));
    let mut paths = BTreeSet::new();
    for pattern in patterns {
        let absolute = base_dir.join(pattern);
        let matches = glob::glob(&absolute.to_string_lossy())
            .map_err(|source| TrainError::BadGlob { key, pattern: pattern.clone(), source })?;
        for path in matches {
            let path = path.map_err(|error| TrainError::Io {
                path: error.path().to_owned(),
                source: error.into(),
            })?;
            if path.is_file() {
                // One name per file, whatever way a glob takes to it.
                let real = path.canonicalize().map_err(|source| TrainError::Io { path, source })?;
                paths.insert(real);
            }
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.txt"), "text").unwrap();
        let config = |data: &str| TrainConfig { data: vec![data.into()], ..TrainConfig::default() };
        assert_eq!(config("*.txt").find_data(folder.path()).unwrap().len(), 1);
        let error = config("*.md").find_data(folder.path()).unwrap_err();
        assert_eq!(error.key(), Some("data"));
    }

    fn read(patterns: &[&str], files: &[(&str, &[u8])]) -> Result<Corpus, TrainError> {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let patterns: Vec<String> = patterns.iter().map(ToString::to_string).collect();
        Corpus::read("data", &patterns, folder.path())
    }

    fn texts(corpus: &Corpus) -> Vec<&str> {
        corpus.documents.iter().map(|(_, text)| text.as_str()).collect()
    }

    #[test]
    fn files_are_read_once_in_the_order_of_their_paths() {
        let files: [(&str, &[u8]); 3] = [("b.txt", b"b"), ("a.txt", b"a"), ("deep/c.txt", b"c")];
        let corpus = read(&["*.txt", "**/*.txt"], &files).unwrap();
        assert_eq!(texts(&corpus), ["a", "b", "c"]);
    }

    #[test]
    fn files_that_are_not_utf8_are_counted_and_empty_ones_left_out() {
        let files: [(&str, &[u8]); 3] = [("a", b"text"), ("b", b"\xff\xfe"), ("c", b"")];
        let corpus = read(&["*"], &files).unwrap();
        assert_eq!(texts(&corpus), ["text"]);
        assert_eq!((corpus.matched, corpus.skipped), (3, 1));
    }

    #[test]
    fn line_ends_and_byte_order_marks_do_not_reach_the_tokens() {
        let corpus = read(&["*"], &[("a", "\u{feff}one\r\ntwo\r\n".as_bytes())]).unwrap();
        assert_eq!(texts(&corpus), ["one\ntwo\n"]);
    }

    #[test]
    fn a_malformed_glob_is_an_error_that_names_it() {
        let error = read(&["a***"], &[]).err().unwrap();
        assert_eq!(error.to_string(), "`data`: bad glob \"a***\"");
    }
}
