//! An objective that is a program, in any language.
//!
//! Each attempt is a child process in a process group of its own. It gets its parameters in its
//! arguments, in its environment and in a file, and reports by JSON lines on stdout or in a file:
//! `{"step": 100, "eval_loss": 2.31}`. The last report counts.

mod checkpoints;
mod child;
mod copy;
mod disk_full;
mod folder;
mod memory;
mod report;
mod report_file;
mod slots;
mod supervise;
mod template;
mod usage;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use temper_core::{Failure, FailureKind, Goal, Job, Objective, ObjectiveError, Reporter, TrialId};

use child::Child;
use slots::Slots;
use supervise::Supervisor;

pub use checkpoints::{CheckpointName, NotACheckpointName};
pub use disk_full::unwritten;
pub use folder::TrialFolders;
pub use slots::Slot;
pub use template::{Template, TemplateError};
pub use usage::{DiskUsage, file_usage};

/// What to run, and how it is to be treated.
#[derive(Clone, Debug)]
pub struct CommandSettings {
    /// The program and its arguments.
    pub command: Vec<Template>,
    /// The folder to run it in.
    pub working_dir: PathBuf,
    /// The metrics that it must report.
    pub goals: Vec<Goal>,
    /// How long an attempt may take. Default: as long as it wants.
    pub timeout: Option<Duration>,
    /// How many bytes an attempt's processes may keep resident together. Default: no limit.
    pub memory_limit: Option<u64>,
    /// How long a program that was asked to end (SIGTERM) may take before it is killed.
    pub grace: Duration,
    /// How a program is asked to pause.
    pub pausing: Pausing,
    /// Whether the program reads on its stdin, after each report on stdout, a line with the report's step once
    /// it is to go on: what it would spend beyond a report that ends it is not spent.
    pub acknowledges: bool,
    /// Further environment variables.
    pub env: BTreeMap<String, String>,
    /// Places for programs, of which each that runs has one to itself; the first that is free is
    /// taken. Empty: there is nothing to share out.
    pub slots: Vec<Slot>,
    /// The names of checkpoints in the trials' folders, which may go once nothing needs them.
    /// Empty: all that is there stays.
    pub checkpoints: Vec<CheckpointName>,
}

/// How a program that is to go on later is asked to save and end. It has the grace period to do so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pausing {
    /// By a SIGTERM.
    #[default]
    Signal,
    /// By the file that `TEMPER_PAUSE_FILE` names, once it is there; after the grace period by a
    /// SIGTERM.
    File,
    /// It can't save: it is ended, and begins again at its first step when it goes on.
    Restart,
}

/// Runs a program for each attempt.
pub struct CommandObjective {
    settings: CommandSettings,
    folders: TrialFolders,
    slots: Slots,
    prepare: Box<Prepare>,
}

/// Puts further files into a trial's folder before its program starts in a slot, if there are any.
pub type Prepare = dyn Fn(&Job, Option<&Slot>, &Path) -> io::Result<()> + Send + Sync;

impl CommandObjective {
    /// An objective whose trials have their folders in `folders`.
    #[must_use]
    pub fn new(settings: CommandSettings, folders: TrialFolders) -> Self {
        let slots = Slots::new(settings.slots.clone());
        Self { settings, folders, slots, prepare: Box::new(|_, _, _| Ok(())) }
    }

    /// The same, with further files in the trials' folders.
    #[must_use]
    pub fn with_files(self, prepare: Box<Prepare>) -> Self {
        Self { prepare, ..self }
    }

    /// Where each trial has its folder.
    #[must_use]
    pub fn folders(&self) -> &TrialFolders {
        &self.folders
    }

    fn command(&self, job: &Job, slot: Option<&Slot>, folder: &Path) -> Command {
        let (config, settings, until) = (&job.config, &job.settings, job.until);
        let values = template::Values { config, settings, folder, until };
        let arguments = template::fill(&self.settings.command, values);
        let mut arguments = arguments.iter();
        let mut command = Command::new(arguments.next().map_or("", String::as_str));
        command
            .args(arguments)
            .current_dir(&self.settings.working_dir)
            .env("PYTHONUNBUFFERED", "1") // reports come when they are printed
            .env("TEMPER_TRIAL", job.trial.to_string())
            .env(child::FOLDER, folder)
            .env(child::ATTEMPT, job.attempt.to_string())
            .env("TEMPER_PARAMS_FILE", folder.join(folder::PARAMS))
            .env("TEMPER_REPORT_FILE", folder.join(folder::REPORTS))
            .env("TEMPER_SEED", job.seed.to_string())
            .env("TEMPER_PAUSE_FILE", folder.join(folder::PAUSE))
            .env_remove("TEMPER_RESUME")
            .env_remove("TEMPER_REPORTED")
            .env_remove("TEMPER_FORK")
            .envs(&self.settings.env);
        for (name, value) in job.config.iter() {
            command.env(format!("TEMPER_PARAM_{}", name.to_uppercase()), value.to_string());
        }
        for (name, value) in job.settings.iter() {
            command.env(format!("TEMPER_SETTING_{}", name.to_uppercase()), value.to_string());
        }
        if let Some(steps) = job.settings.get("max_steps") {
            command.env("TEMPER_MAX_STEPS", steps.to_string());
        }
        if let Some(slot) = slot {
            command.envs(&slot.env);
        }
        if let Some(step) = job.reported {
            command.env("TEMPER_REPORTED", step.to_string());
        }
        if let Some(until) = job.until {
            command.env("TEMPER_UNTIL", until.to_string());
        }
        let has_saved = job.attempt > 1 || job.fork.is_some();
        if has_saved && self.settings.pausing != Pausing::Restart {
            command.env("TEMPER_RESUME", "1");
        }
        if let Some(fork) = job.fork {
            command.env("TEMPER_FORK", fork.from.to_string());
        }
        command
    }
}

impl Objective for CommandObjective {
    /// Asks first whether the trial is still its own: what runs of it otherwise is a successor's. A
    /// runner that is suspended between that and its child's start, for longer than a lease, ends
    /// that successor's program all the same, and costs it an attempt.
    fn run(&self, job: &Job, reporter: &mut dyn Reporter) -> Result<Vec<f64>, ObjectiveError> {
        if reporter.poll().is_break() {
            return Ok(Vec::new());
        }
        let path = self.folders.path(job.trial);
        let unwritten = |what: &str, error: io::Error| unwritten(what, &path, &error);
        child::kill_leftovers(&path, None);
        let folder =
            self.folders.prepare(job).map_err(|error| unwritten("make the folder", error))?;
        if let Some(values) = folder.result() {
            return Ok(values); // its runner was lost between its end and the record of it
        }
        if job.fork.is_some() && reporter.forked().is_break() {
            return Ok(Vec::new());
        }
        let claim = self.slots.claim();
        let slot = claim.as_ref().map(slots::Claim::slot);
        (self.prepare)(job, slot, &path).map_err(|error| unwritten("write to", error))?;
        let command = self.command(job, slot, &path);
        let program = command.get_program().to_string_lossy().into_owned();
        // Made before the child, so that it sees what the child does first.
        let supervisor = Supervisor::new(&self.settings, &folder, job.reported.is_some());
        let output = folder.open_output().map_err(|error| unwritten("write to", error))?;
        let mut child = Child::spawn(command, output, self.settings.acknowledges)
            .map_err(|error| crash(&format!("can't start `{program}`"), &error))?;
        let watched = supervisor.watch(&mut child, reporter);
        if !matches!(watched, Ok(Some(_))) {
            child::kill_leftovers(&path, Some(job.attempt));
        }
        let Some(values) = watched? else {
            return Ok(Vec::new()); // it was told to end early: this is no result
        };
        // Without it the result is recorded all the same, unless this process dies before that.
        let _ = folder.save_result(&values);
        Ok(values)
    }

    fn has_checkpoints(&self) -> bool {
        !self.settings.checkpoints.is_empty()
    }

    fn discard(&self, trial: TrialId) -> Result<(), ObjectiveError> {
        let discarded = self.folders.discard(trial, &self.settings.checkpoints);
        discarded
            .map(drop)
            .map_err(|error| unwritten("remove checkpoints in", &self.folders.path(trial), &error))
    }
}

fn crash(what: &str, error: &dyn fmt::Display) -> Failure {
    Failure::new(FailureKind::Crashed, format!("{what}: {error}"))
}
