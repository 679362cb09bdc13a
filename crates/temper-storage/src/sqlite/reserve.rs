//! Room on the disk that is kept for the log. What fills a disk is most often what a trial saves,
//! beside the log, and that the disk was full is to be recorded all the same.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// How much is kept, in bytes: enough for a hundred events, of which each writes some pages.
const SIZE: usize = 1 << 20;

/// A file that takes room until it is needed.
#[derive(Debug)]
pub(super) struct Reserve {
    path: PathBuf,
    /// Whether it was kept here, and is to go when the log is closed.
    is_kept: bool,
}

impl Reserve {
    pub(super) fn beside(log: &Path) -> Self {
        let mut path = log.as_os_str().to_owned();
        path.push("-reserve");
        Self { path: path.into(), is_kept: false }
    }

    /// Takes the room, unless that is done.
    ///
    /// # Errors
    ///
    /// There is no room, or the file can't be made.
    pub(super) fn keep(&mut self) -> io::Result<()> {
        self.is_kept = true;
        if self.path.exists() {
            return Ok(());
        }
        // One that was cut short is no room kept.
        fs::write(&self.path, vec![0; SIZE]).inspect_err(|_| drop(fs::remove_file(&self.path)))
    }

    /// Gives the room back. Whether there was any.
    pub(super) fn release(&self) -> bool {
        fs::remove_file(&self.path).is_ok()
    }
}

impl Drop for Reserve {
    fn drop(&mut self) {
        if self.is_kept {
            self.release();
        }
    }
}
