//! Whether a worker's process lives, told by a file lock: the operating system releases it when
//! the process ends, however it ends.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use temper_core::WorkerId;

/// One locked file per living worker in a folder beside the log. Where locks don't work (some
/// network file systems) nobody is ever told dead by this, and leases decide alone.
#[derive(Debug)]
pub(crate) struct Presence {
    folder: PathBuf,
    held: BTreeMap<WorkerId, File>,
}

impl Presence {
    pub(crate) fn beside(log: &Path) -> Self {
        let mut folder = log.as_os_str().to_owned();
        folder.push("-workers");
        Self {
            folder: folder.into(),
            held: BTreeMap::new(),
        }
    }

    /// Locks the worker's file for as long as this value and the process live.
    pub(crate) fn hold(&mut self, worker: &WorkerId) -> io::Result<()> {
        if self.held.contains_key(worker) {
            return Ok(());
        }
        fs::create_dir_all(&self.folder)?;
        let path = self.path(worker);
        let file = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(false)
            .open(path)?;
        match file.try_lock() {
            Ok(()) | Err(TryLockError::Error(_)) => {}
            Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::ResourceBusy.into()),
        }
        self.held.insert(worker.clone(), file);
        Ok(())
    }

    /// Whether the worker once held its file and the lock is free now. A dead worker's file stays
    /// until the whole folder is cleared, so that every observer gets the same answer.
    pub(crate) fn is_dead(&self, worker: &WorkerId) -> bool {
        if self.held.contains_key(worker) {
            return false;
        }
        let Ok(file) = File::open(self.path(worker)) else {
            return false;
        };
        // A shared lock: two observers don't take each other for the living worker.
        file.try_lock_shared().is_ok()
    }

    fn path(&self, worker: &WorkerId) -> PathBuf {
        self.folder.join(worker.as_str())
    }
}

impl Drop for Presence {
    /// A worker that ends in good order leaves no running trial behind: nobody will ask for it.
    fn drop(&mut self) {
        for worker in self.held.keys() {
            // What is left behind is an empty file, harmless.
            let _ = fs::remove_file(self.path(worker));
        }
        let _ = fs::remove_dir(&self.folder);
    }
}
