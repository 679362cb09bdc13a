//! Room on the disk that is kept for the log. What fills a disk is most often what a trial saves,
//! beside the log, and that the disk was full is to be recorded all the same.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// How much is kept, in bytes: enough for a hundred events, of which each writes some pages.
const SIZE: usize = 1 << 20;

/// A file that takes room until it is needed, shared by the processes of a study.
#[derive(Debug)]
pub(super) struct Reserve {
    path: PathBuf,
    is_kept: bool,
}

impl Reserve {
    pub(super) fn beside(log: &Path) -> Self {
        let mut path = log.as_os_str().to_owned();
        path.push("-reserve");
        Self { path: path.into(), is_kept: false }
    }

    /// Whether it was kept here, and is to go with the last log that is closed.
    pub(super) fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// Takes the room, unless that is done.
    ///
    /// # Errors
    ///
    /// There is no room, or the file can't be made.
    pub(super) fn keep(&mut self) -> io::Result<()> {
        self.is_kept = true;
        // One that was cut short is no room kept.
        if self.path.metadata().is_ok_and(|metadata| metadata.len() == SIZE as u64) {
            return Ok(());
        }
        fill(&self.path).inspect_err(|_| drop(fs::remove_file(&self.path)))
    }

    /// Gives the room back. Whether there was any.
    pub(super) fn release(&self) -> bool {
        fs::remove_file(&self.path).is_ok()
    }
}

/// Some file systems find room for a file no sooner than they must.
fn fill(path: &Path) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(&noise())?;
    file.sync_all()
}

/// Bytes that a file system can't compress, as it does with zeros: Steele, Lea and Flood, "Fast
/// splittable pseudorandom number generators", 2014, figure 17 (`SplitMix64`).
fn noise() -> Vec<u8> {
    let words = (1..=SIZE as u64 / 8).map(|index| {
        let word = index.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    });
    words.flat_map(u64::to_le_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_the_reserve_are_as_good_as_random() {
        let noise = noise();
        assert_eq!(noise.len(), SIZE);
        let mut counts = [0_u64; 256];
        noise.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
        // 4096 of each are expected, with a standard deviation of 64; 256 bytes, fixed for ever.
        assert!(counts.iter().all(|count| count.abs_diff(4096) < 320), "{counts:?}");
        let words: std::collections::BTreeSet<_> = noise.chunks(8).collect();
        assert_eq!(words.len(), SIZE / 8, "nothing is said twice");
    }

    #[test]
    fn a_reserve_that_was_cut_short_is_filled() {
        let folder = tempfile::tempdir().unwrap();
        let mut reserve = Reserve::beside(&folder.path().join("study.db"));
        fs::write(folder.path().join("study.db-reserve"), "short").unwrap();
        reserve.keep().unwrap();
        assert_eq!(reserve.path.metadata().unwrap().len(), SIZE as u64);
    }
}
