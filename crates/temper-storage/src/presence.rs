//! Whether a worker's process lives, told by a file lock: the operating system releases it when
//! the process ends, however it ends.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use temper_core::WorkerId;

/// How often a file is tried to be made in a folder that others remove.
const CREATE_TRIES: u32 = 10;

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
        Self { folder: folder.into(), held: BTreeMap::new() }
    }

    /// Locks the worker's file for as long as this value and the process live.
    pub(crate) fn hold(&mut self, worker: &WorkerId) -> io::Result<()> {
        if self.held.contains_key(worker) {
            return Ok(());
        }
        let file = self.create(worker)?;
        match file.try_lock() {
            Ok(()) | Err(TryLockError::Error(_)) => {}
            Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::ResourceBusy.into()),
        }
        self.held.insert(worker.clone(), file);
        Ok(())
    }

    /// Whether the worker's process has ended: its lock is free, or its file is gone. It had one
    /// before it wrote its first event.
    pub(crate) fn is_dead(&self, worker: &WorkerId) -> bool {
        if self.held.contains_key(worker) {
            return false;
        }
        let path = self.path(worker);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) => return error.kind() == io::ErrorKind::NotFound,
        };
        // A shared lock: two observers don't take each other for the living worker.
        let is_dead = file.try_lock_shared().is_ok();
        if is_dead {
            // The next observer finds no file, which tells it the same.
            let _ = fs::remove_file(path);
        }
        is_dead
    }

    /// Removes the files of the workers held here: one that is gone needs none, as without it it is
    /// known to be dead.
    pub(crate) fn leave(&mut self) {
        for worker in std::mem::take(&mut self.held).into_keys() {
            // What is left behind is an empty file, harmless.
            let _ = fs::remove_file(self.path(&worker));
        }
        let _ = fs::remove_dir(&self.folder);
    }

    /// Whether any worker lives.
    pub(crate) fn is_anybody_there(&self) -> bool {
        let files = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut names = files.filter_map(|file| file.file_name().into_string().ok());
        names.any(|name| !self.is_dead(&WorkerId::new(name)))
    }

    /// Makes the worker's file. Another process may just be removing the folder that it found
    /// empty.
    fn create(&self, worker: &WorkerId) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.create(true).write(true).truncate(false);
        for _ in 0..CREATE_TRIES {
            fs::create_dir_all(&self.folder)?;
            match options.open(self.path(worker)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => return other,
            }
        }
        options.open(self.path(worker))
    }

    fn path(&self, worker: &WorkerId) -> PathBuf {
        self.folder.join(worker.as_str())
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.leave();
    }
}
