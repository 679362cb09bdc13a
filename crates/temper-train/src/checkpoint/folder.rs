//! The folder in which a run keeps its checkpoints.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Checkpoint, CheckpointError, Snapshot, pack};
use crate::data::Tokenizer;
use crate::{PretrainedError, TrainError};

/// The folder in which a run keeps its checkpoints, the newest two: should the newest turn out to
/// be damaged, the one before it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoints {
    folder: PathBuf,
}

const KEPT: usize = 2;
const PREFIX: &str = "step-";
const SUFFIX: &str = ".checkpoint";
/// The checkpoint of the best evaluation, where it is kept.
const BEST: &str = "best.checkpoint";
/// The tokenizer that a run learned from its text: the text may be another one day.
const TOKENIZER: &str = "tokenizer.json";
/// Held by the run that writes to the folder.
const LOCK: &str = "lock";

impl Checkpoints {
    /// Checkpoints in this folder, which is made when a run begins.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The whole files in it, the one of the most steps first.
    ///
    /// # Errors
    /// The folder is there and can't be read.
    pub fn files(&self) -> Result<Vec<PathBuf>, CheckpointError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(self.failed(source)),
        };
        let mut files = Vec::new();
        for entry in entries {
            let path = entry.map_err(|source| self.failed(source))?.path();
            if let Some(steps) = steps(&path) {
                files.push((steps, path));
            }
        }
        files.sort_by(|a, b| b.cmp(a));
        Ok(files.into_iter().map(|(_, path)| path).collect())
    }

    /// The checkpoint of the best evaluation, if it is kept: see [`Run::keep_best`](crate::Run).
    #[must_use]
    pub fn best(&self) -> Option<PathBuf> {
        Some(self.folder.join(BEST)).filter(|path| path.exists())
    }

    /// Removes all checkpoints, and the folder if nothing else is in it.
    ///
    /// # Errors
    /// A file can't be removed.
    pub fn clear(&self) -> Result<(), CheckpointError> {
        for file in self.files()? {
            fs::remove_file(file).map_err(|source| self.failed(source))?;
        }
        for other in [BEST, TOKENIZER, LOCK] {
            match fs::remove_file(self.folder.join(other)) {
                Err(error) if !is_expected(&error) => return Err(self.failed(error)),
                _ => {}
            }
        }
        match fs::remove_dir(&self.folder) {
            Err(error) if !is_expected(&error) => Err(self.failed(error)),
            _ => Ok(()),
        }
    }

    /// Keeps other runs out of the folder, which is made, until the file is closed.
    ///
    /// # Errors
    /// Another run is in it, or it can't be made.
    pub(crate) fn lock(&self) -> Result<File, CheckpointError> {
        fs::create_dir_all(&self.folder).map_err(|source| self.failed(source))?;
        let file = File::create(self.folder.join(LOCK)).map_err(|source| self.failed(source))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                Err(CheckpointError::InUse { folder: self.folder.clone() })
            }
            // Some file systems have no locks; nobody is kept out there.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
        }
    }

    /// Writes a checkpoint so that it is either whole or not there: to another name, to the disk,
    /// and then under its own name. Older ones are removed afterwards.
    pub(crate) fn save(&self, snapshot: &Snapshot<'_>) -> Result<PathBuf, CheckpointError> {
        let name = format!("{PREFIX}{:09}{SUFFIX}", snapshot.position.steps);
        let path = self.save_as(&name, snapshot)?;
        for old in self.files()?.into_iter().skip(KEPT) {
            fs::remove_file(old).map_err(|source| self.failed(source))?;
        }
        Ok(path)
    }

    /// Writes the checkpoint of the best evaluation in place of the one before.
    pub(crate) fn save_best(&self, snapshot: &Snapshot<'_>) -> Result<PathBuf, CheckpointError> {
        self.save_as(BEST, snapshot)
    }

    /// Makes a checkpoint that was just saved that of the best evaluation, too: another name of the
    /// same file, or a copy where the file system has no such names.
    pub(crate) fn make_best(&self, checkpoint: &Path) -> Result<(), CheckpointError> {
        let best = self.folder.join(BEST);
        let partial = best.with_extension("partial");
        let named = remove_if_there(&partial)
            .and_then(|()| fs::hard_link(checkpoint, &partial))
            .or_else(|_| {
                fs::copy(checkpoint, &partial).and_then(|_| File::open(&partial)?.sync_all())
            })
            .and_then(|()| fs::rename(&partial, &best))
            .and_then(|()| File::open(&self.folder)?.sync_all());
        named.map_err(|source| self.failed(source))
    }

    fn save_as(&self, name: &str, snapshot: &Snapshot<'_>) -> Result<PathBuf, CheckpointError> {
        let (path, pieces) = (self.folder.join(name), pack(snapshot)?);
        self.write(&path, pieces.iter().map(|piece| &piece[..]))
            .map_err(|source| self.failed(source))?;
        Ok(path)
    }

    /// Keeps a tokenizer that was learned: checkpoints are of its tokens.
    pub(crate) fn save_tokenizer(&self, tokenizer: &Tokenizer) -> Result<(), TrainError> {
        if !matches!(tokenizer, Tokenizer::Bpe { .. }) {
            return Ok(());
        }
        let words = tokenizer.words()?;
        let json = words.tokenizer.to_string(false);
        let json = json.map_err(|source| TrainError::Tokenizer { source })?;
        let written = self.write(&self.folder.join(TOKENIZER), [json.as_bytes()]);
        Ok(written.map_err(|source| self.failed(source))?)
    }

    /// The tokenizer that was kept, if there is one.
    pub(crate) fn tokenizer(&self) -> Result<Option<tokenizers::Tokenizer>, TrainError> {
        let path = self.folder.join(TOKENIZER);
        if !path.exists() {
            return Ok(None);
        }
        let read = tokenizers::Tokenizer::from_file(&path);
        read.map(Some).map_err(|source| PretrainedError::Tokenizer { path, source }.into())
    }

    fn write<'a>(&self, path: &Path, pieces: impl IntoIterator<Item = &'a [u8]>) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let partial = path.with_extension("partial");
        let mut file = File::create(&partial)?;
        let written = pieces.into_iter().try_for_each(|piece| file.write_all(piece));
        if let Err(error) = written.and_then(|()| file.sync_all()) {
            // A disk that is full has room for others again.
            let _ = fs::remove_file(&partial);
            return Err(error);
        }
        fs::rename(&partial, path)?;
        // The new name is in the folder, which is a file of its own.
        File::open(&self.folder)?.sync_all()
    }

    /// The newest checkpoint that is whole, and those newer ones that are not; `None` if there is
    /// no file.
    ///
    /// # Errors
    /// Of the files, none is whole, or one is of a newer version.
    pub(crate) fn latest(&self) -> Result<Option<(Checkpoint, Vec<PathBuf>)>, CheckpointError> {
        let mut damaged = Vec::new();
        let mut first = None;
        for path in self.newest_first()? {
            match Checkpoint::read(&path) {
                Ok(checkpoint) => return Ok(Some((checkpoint, damaged))),
                Err(error @ CheckpointError::Damaged { .. }) => {
                    damaged.push(path);
                    first.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        match first {
            None => Ok(None),
            Some(_) if damaged.len() > 1 => Err(CheckpointError::NoneWhole { files: damaged }),
            Some(error) => Err(error),
        }
    }

    /// All checkpoints, that of the best evaluation among them, where it belongs by its steps.
    fn newest_first(&self) -> Result<Vec<PathBuf>, CheckpointError> {
        let mut files = self.files()?;
        if let Some(best) = self.best() {
            let at = Checkpoint::steps(&best);
            let place = files.iter().position(|file| steps(file) < at).unwrap_or(files.len());
            files.insert(place, best);
        }
        Ok(files)
    }

    fn failed(&self, source: io::Error) -> CheckpointError {
        CheckpointError::Io { path: self.folder.clone(), source }
    }
}

/// Whether it is no fault that the folder could not be removed.
fn is_expected(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The number of steps in the name of a checkpoint.
fn steps(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?.parse().ok()
}
