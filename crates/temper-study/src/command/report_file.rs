//! The file that a program may report to instead of stdout.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use super::folder::{REPORTS, TrialFolder};

/// The file that a program may report to, read as it grows.
pub(super) struct ReportFile {
    file: Option<File>,
    path: PathBuf,
    at: u64,
    partial: Vec<u8>,
}

impl ReportFile {
    /// What an earlier attempt wrote there is not read again.
    pub(super) fn at_end(folder: &TrialFolder) -> Self {
        let path = folder.path().join(REPORTS);
        let at = path.metadata().map_or(0, |metadata| metadata.len());
        Self { file: None, path, at, partial: Vec::new() }
    }

    /// The whole lines that have been added; nothing while the file is not there.
    pub(super) fn new_lines(&mut self) -> Vec<String> {
        if self.file.is_none() {
            self.file = File::open(&self.path).ok();
        }
        let Some(file) = &mut self.file else {
            return Vec::new();
        };
        let length = file.metadata().map_or(0, |metadata| metadata.len());
        if length < self.at {
            (self.at, self.partial) = (0, Vec::new()); // it was begun anew
        }
        let mut bytes = std::mem::take(&mut self.partial);
        if length > self.at && file.seek(SeekFrom::Start(self.at)).is_ok() {
            // What can't be read now is read at the next look.
            self.at += file.read_to_end(&mut bytes).unwrap_or(0) as u64;
        }
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        self.partial = bytes.split_off(whole);
        String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
    }

    /// What is there behind the last whole line, once nothing more will be added.
    pub(super) fn last_line(&mut self) -> Option<String> {
        let bytes = std::mem::take(&mut self.partial);
        (!bytes.is_empty()).then(|| String::from_utf8_lossy(&bytes).into_owned())
    }
}
