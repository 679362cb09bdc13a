//! The checkpoints in a trial's folder.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::folder;

/// The name of a file or a folder in which trials keep checkpoints, inside of their own folders;
/// with a `*` at its end, all names that begin so.
///
/// ```
/// use temper_study::CheckpointName;
///
/// let name: CheckpointName = "checkpoint-*".parse()?;
/// assert!(name.is_of("checkpoint-500") && !name.is_of("model.pt"));
/// # Ok::<(), temper_study::NotACheckpointName>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointName {
    start: String,
    is_whole: bool,
}

/// Why a text is no name of checkpoints.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotACheckpointName {
    /// Nothing would be left in the folder.
    #[error("`{0}` says nothing of the name")]
    Empty(String),
    /// It leads elsewhere.
    #[error("`{0}` is no name of a file or folder in the trial's own folder")]
    Path(String),
    /// There is a `*` before its end.
    #[error("`{0}` has a `*` before its end")]
    Star(String),
    /// It is what the study itself keeps in the folder.
    #[error("`{name}` is also the name of `{file}`, which the study keeps there")]
    Ours {
        /// The name.
        name: String,
        /// The file of the study.
        file: &'static str,
    },
}

impl FromStr for CheckpointName {
    type Err = NotACheckpointName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (start, is_whole) = match text.strip_suffix('*') {
            Some(start) => (start, false),
            None => (text, true),
        };
        if start.trim().is_empty() {
            return Err(NotACheckpointName::Empty(text.to_owned()));
        }
        if start.contains('*') {
            return Err(NotACheckpointName::Star(text.to_owned()));
        }
        if start.contains(['/', '\\', '\0']) || start == ".." || start == "." {
            return Err(NotACheckpointName::Path(text.to_owned()));
        }
        let name = Self { start: start.to_owned(), is_whole };
        match folder::FILES.iter().find(|file| name.is_of(file)) {
            Some(file) => Err(NotACheckpointName::Ours { name: text.to_owned(), file }),
            None => Ok(name),
        }
    }
}

impl CheckpointName {
    /// Whether a file or folder of this name holds checkpoints.
    #[must_use]
    pub fn is_of(&self, name: &str) -> bool {
        if self.is_whole { name == self.start } else { name.starts_with(&self.start) }
    }
}

impl fmt::Display for CheckpointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.start, if self.is_whole { "" } else { "*" })
    }
}

/// The checkpoints in a trial's folder; none if the folder is not there.
pub(super) fn within(folder: &Path, names: &[CheckpointName]) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        if names.iter().any(|it| name.to_str().is_some_and(|name| it.is_of(name))) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Removes a file, or a folder with what is in it; of a link only the link.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    let removed = fs::symlink_metadata(path).and_then(|metadata| match metadata.is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    });
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()), // by another process
        removed => removed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_or_to_the_studys_own_files_are_refused() {
        let fault = |text: &str| text.parse::<CheckpointName>().unwrap_err().to_string();
        for text in ["", "*", " "] {
            assert_eq!(fault(text), format!("`{text}` says nothing of the name"));
        }
        for text in ["..", "a/b", "/tmp/*", "../x"] {
            assert!(fault(text).ends_with("in the trial's own folder"), "{text}");
        }
        assert_eq!(fault("a*b"), "`a*b` has a `*` before its end");
        let ours = "`re*` is also the name of `reports.jsonl`, which the study keeps there";
        assert_eq!(fault("re*"), ours);
    }

    #[test]
    fn a_link_is_removed_without_what_it_leads_to() {
        let folder = tempfile::tempdir().unwrap();
        let (kept, link) = (folder.path().join("kept"), folder.path().join("link"));
        fs::create_dir(&kept).unwrap();
        fs::write(kept.join("model"), "weights").unwrap();
        std::os::unix::fs::symlink(&kept, &link).unwrap();
        remove(&link).unwrap();
        assert!(!link.exists() && kept.join("model").exists());
        for _ in 0..2 {
            remove(&kept).unwrap(); // the second time it is gone, as by another process
            assert!(!kept.exists());
        }
    }
}
