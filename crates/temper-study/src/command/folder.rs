//! A trial's own folder: its parameters, its output, its result, and room for what it saves.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use temper_core::{Job, TrialId};

use super::copy::copy_once;

/// The trial's parameters, a JSON object.
pub(super) const PARAMS: &str = "params.json";
/// Where a program may append its reports.
pub(super) const REPORTS: &str = "reports.jsonl";
/// What it wrote to stdout.
pub(super) const STDOUT: &str = "stdout.log";
/// What it wrote to stderr.
pub(super) const STDERR: &str = "stderr.log";
/// There once it is to pause, where it is told by a file.
pub(super) const PAUSE: &str = "pause";
/// The values that it ended with, a JSON list; there once it ended well.
pub(super) const RESULT: &str = "result.json";
/// In the folder of a fork: there once it is a whole copy.
pub(super) const COPIED: &str = "copied";

/// What the study itself keeps in the folder.
pub(super) const FILES: [&str; 7] = [PARAMS, REPORTS, STDOUT, STDERR, PAUSE, RESULT, COPIED];

/// Where the trials of a study have their folders.
#[derive(Clone, Debug)]
pub struct TrialFolders {
    root: PathBuf,
}

/// The folder of one trial.
#[derive(Debug)]
pub(super) struct TrialFolder {
    path: PathBuf,
}

/// The files that take a program's output, to append to.
pub(super) struct Output {
    pub(super) stdout: File,
    pub(super) stderr: File,
}

impl TrialFolders {
    /// Folders inside of `root`, an absolute path.
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The folder that holds them.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of a trial, whether it is there or not.
    #[must_use]
    pub fn path(&self, trial: TrialId) -> PathBuf {
        self.root.join(format!("{:04}", trial.0))
    }

    /// Makes the folder, or finds it as an earlier attempt left it. That of a fork begins as a copy
    /// of the other trial's.
    pub(super) fn prepare(&self, job: &Job) -> io::Result<TrialFolder> {
        let folder = TrialFolder { path: self.path(job.trial) };
        if job.attempt == 1 && folder.path.exists() {
            fs::remove_dir_all(&folder.path)?; // left by a study whose storage was deleted
        }
        if let Some(fork) = job.fork {
            copy_once(&self.path(fork.from), &folder.path)?;
        }
        fs::create_dir_all(&folder.path)?;
        let mut params = serde_json::to_string_pretty(&job.config)?;
        params.push('\n');
        folder.write(PARAMS, params.as_bytes())?;
        match fs::remove_file(folder.path.join(PAUSE)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(folder),
        }
    }
}

impl TrialFolder {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The values of an attempt that ended well, if there was one.
    pub(super) fn result(&self) -> Option<Vec<f64>> {
        let text = fs::read_to_string(self.path.join(RESULT)).ok()?;
        serde_json::from_str(&text).ok()
    }

    pub(super) fn save_result(&self, values: &[f64]) -> io::Result<()> {
        self.write(RESULT, serde_json::to_string(values)?.as_bytes())
    }

    /// Opens the files of a program's output.
    pub(super) fn open_output(&self) -> io::Result<Output> {
        let open = |name| File::options().create(true).append(true).open(self.path.join(name));
        Ok(Output { stdout: open(STDOUT)?, stderr: open(STDERR)? })
    }

    /// Asks the program to pause.
    pub(super) fn ask_to_pause(&self) -> io::Result<()> {
        self.write(PAUSE, b"")
    }

    /// Writes a file whole or not at all.
    fn write(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let temporary = self.path.join(format!("{name}.new"));
        let mut file = File::create(&temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(temporary, self.path.join(name))
    }
}
