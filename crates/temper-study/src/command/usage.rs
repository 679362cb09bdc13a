//! How much disk trials use.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use temper_core::TrialId;

use super::checkpoints::{remove, within};
use super::{CheckpointName, TrialFolders};

/// The size of a block in what the system says of a file (POSIX's `st_blocks`, as Linux counts).
const BLOCK: u64 = 512;

/// Bytes that the folders of trials take on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiskUsage {
    /// All that is in them.
    pub trials: u64,
    /// The checkpoints among that.
    pub checkpoints: u64,
}

/// Files that were counted under another name already, by device and number.
type Seen = BTreeSet<(u64, u64)>;

impl TrialFolders {
    /// What all trials use. What vanishes while it is counted is not in it.
    ///
    /// # Errors
    ///
    /// A folder can't be read.
    pub fn usage(&self, names: &[CheckpointName]) -> io::Result<DiskUsage> {
        let mut seen = Seen::new();
        let mut usage = DiskUsage::default();
        for trial in entries(self.root())? {
            // Links to checkpoints count with these.
            for checkpoint in within_if_folder(&trial, names)? {
                usage.checkpoints += bytes(&checkpoint, &mut seen)?;
            }
            usage.trials += bytes(&trial, &mut seen)?;
        }
        usage.trials += usage.checkpoints;
        Ok(usage)
    }

    /// Removes a trial's checkpoints; returns how many bytes that has freed.
    ///
    /// # Errors
    ///
    /// One can't be removed.
    pub fn discard(&self, trial: TrialId, names: &[CheckpointName]) -> io::Result<u64> {
        let mut seen = Seen::new();
        let mut freed = 0;
        for checkpoint in within(&self.path(trial), names)? {
            freed += bytes(&checkpoint, &mut seen)?;
            remove(&checkpoint)?;
        }
        Ok(freed)
    }
}

/// Bytes that a file takes on the disk: what the system has allotted, not its length.
///
/// # Errors
///
/// It is not there, or the system does not say.
pub fn file_usage(path: &Path) -> io::Result<u64> {
    Ok(fs::symlink_metadata(path)?.blocks() * BLOCK)
}

/// The bytes of a file or of a folder with all that is in it, each file once.
fn bytes(path: &Path, seen: &mut Seen) -> io::Result<u64> {
    let metadata = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        metadata => metadata?,
    };
    if !seen.insert((metadata.dev(), metadata.ino())) {
        return Ok(0);
    }
    let mut sum = metadata.blocks() * BLOCK;
    if metadata.is_dir() {
        for entry in entries(path)? {
            sum += bytes(&entry, seen)?;
        }
    }
    Ok(sum)
}

fn within_if_folder(path: &Path, names: &[CheckpointName]) -> io::Result<Vec<PathBuf>> {
    if path.is_dir() { within(path, names) } else { Ok(Vec::new()) }
}

/// What is in a folder; nothing if it is not there.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => entries?.map(|entry| Ok(entry?.path())).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_under_two_names_counts_once_and_checkpoints_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let folders = TrialFolders::new(folder.path().to_owned());
        assert_eq!(folders.usage(&[]).unwrap(), DiskUsage::default());
        let names = ["saved*".parse().unwrap()];
        let trial = folders.path(TrialId(3));
        fs::create_dir_all(trial.join("saved")).unwrap();
        fs::write(trial.join("saved/one"), vec![1; 100_000]).unwrap();
        fs::hard_link(trial.join("saved/one"), trial.join("saved/two")).unwrap();
        fs::hard_link(trial.join("saved/one"), trial.join("linked")).unwrap();
        fs::write(trial.join("log"), vec![1; 50_000]).unwrap();
        let usage = folders.usage(&names).unwrap();
        assert!((100_000..140_000).contains(&usage.checkpoints), "{usage:?}");
        assert!((150_000..190_000).contains(&usage.trials), "{usage:?}");
        let freed = folders.discard(TrialId(3), &names).unwrap();
        assert_eq!(freed, usage.checkpoints);
        assert_eq!(folders.usage(&names).unwrap().checkpoints, 0);
        assert!(trial.join("log").exists());
        assert_eq!(folders.discard(TrialId(4), &names).unwrap(), 0);
    }
}
