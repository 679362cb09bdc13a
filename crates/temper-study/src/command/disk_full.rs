//! A disk without room for what a trial writes.

use std::io;
use std::path::Path;

use temper_core::{Failure, FailureKind, ObjectiveError};

/// What programs say when a disk is full: the C library, Python, Rust; in small letters, without
/// marks between words.
const WORDS: [&str; 5] =
    ["no space left on device", "errno 28", "disk quota exceeded", "storagefull", "quotaexceeded"];

/// Whether a line of these says so.
pub(super) fn says_so(stderr: &[String]) -> bool {
    stderr.iter().any(|line| {
        let line = line.to_lowercase().replace(['-', '_'], " ");
        WORDS.iter().any(|words| line.contains(words))
    })
}

/// Why nothing can be written to a trial's folder: a full disk fails this trial alone, and what
/// else there may be wrong ends the run.
#[must_use]
pub fn unwritten(what: &str, path: &Path, error: &io::Error) -> ObjectiveError {
    let message = format!("can't {what} `{}`: {error}", path.display());
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Failure::new(FailureKind::DiskFull, message).into()
        }
        _ => ObjectiveError::Unable(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_known_by_its_words() {
        for line in [
            "OSError: [Errno 28] No space left on device: 'model.pt'",
            "cp: error writing 'model': No space left on device",
            "Error: Os { code: 28, kind: StorageFull, message: \"...\" }",
            "OSError: [Errno 122] Disk quota exceeded",
            "RuntimeError: [Errno 28] write failed",
        ] {
            assert!(says_so(&[line.to_owned()]), "{line}");
        }
        assert!(!says_so(&["disk: 3 GB free, no space shared".to_owned()]));
    }

    #[test]
    fn only_a_full_disk_is_the_trials_own_failure() {
        let full = unwritten("write to", Path::new("/t"), &io::ErrorKind::StorageFull.into());
        let ObjectiveError::Failed(failure) = full else { panic!("{full:?}") };
        assert_eq!(failure.kind, FailureKind::DiskFull);
        let denied = unwritten("write to", Path::new("/t"), &io::ErrorKind::NotADirectory.into());
        assert!(matches!(denied, ObjectiveError::Unable(_)), "{denied:?}");
    }
}
