//! A place to run programs in.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use temper_core::{History, Setup, TrialId};
use temper_storage::MemoryStorage;
use temper_study::{CommandObjective, CommandSettings, Pausing, Template, TrialFolders};
use tempfile::TempDir;

use crate::{open, setup};

/// A place to run programs in.
pub(crate) struct Lab {
    pub(crate) folder: TempDir,
    pub(crate) storage: MemoryStorage,
    pub(crate) settings: CommandSettings,
}

impl Lab {
    /// Runs a script by `/bin/sh`; braces in it are its own.
    pub(crate) fn sh(script: &str) -> Self {
        Self::new(&["/bin/sh", "-c", &escaped(script)])
    }

    /// Runs a script by `python3`.
    pub(crate) fn python(script: &str) -> Self {
        Self::new(&["python3", "-c", &escaped(script)])
    }

    /// Runs a command of templates.
    pub(crate) fn new(command: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let command = command
            .iter()
            .map(|argument| Template::parse(argument).expect("the test's braces match"))
            .collect();
        let settings = CommandSettings {
            command,
            working_dir: folder.path().to_owned(),
            goals: setup(1).goals,
            timeout: None,
            memory_limit: None,
            acknowledges: false,
            grace: Duration::from_secs(20),
            pausing: Pausing::Signal,
            env: BTreeMap::new(),
            slots: Vec::new(),
            checkpoints: Vec::new(),
        };
        Self { folder, storage: MemoryStorage::new(), settings }
    }

    pub(crate) fn objective(&self) -> CommandObjective {
        let folders = TrialFolders::new(self.folder.path().join("trials"));
        CommandObjective::new(self.settings.clone(), folders)
    }

    /// Runs a study of one trial.
    pub(crate) fn run(&self) -> History {
        self.run_study(setup(1))
    }

    pub(crate) fn run_study(&self, setup: Setup) -> History {
        let study = open(setup, self.storage.clone());
        study.run(&self.objective(), 1).expect("the study runs");
        study.history()
    }

    /// A file in the folder of trial 0.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.objective().folders().path(TrialId(0)).join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        let path = self.path(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}

/// A script as a template that says the same.
pub(crate) fn escaped(script: &str) -> String {
    script.replace('{', "{{").replace('}', "}}")
}

/// Whether the process whose number is in the file runs.
pub(crate) fn runs(file: &Path) -> bool {
    let id = fs::read_to_string(file).unwrap_or_default();
    assert!(!id.trim().is_empty(), "{} is empty", file.display());
    let stat = fs::read_to_string(format!("/proc/{}/stat", id.trim())).unwrap_or_default();
    let state = stat.rsplit_once(") ").map(|(_, rest)| &rest[..1]);
    !matches!(state, None | Some("Z" | "X"))
}
