//! How much disk a study uses.

use std::fmt;
use std::path::PathBuf;

use miette::{IntoDiagnostic, Result};
use serde::Serialize;
use temper_study::file_usage;

use crate::memory::in_words;
use crate::plan::Plan;

/// What SQLite keeps beside a log while it is open.
const BESIDE: [&str; 3] = ["", "-wal", "-shm"];

/// Bytes on the disk.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Disk {
    /// The study's log.
    log: u64,
    /// The trials' folders with all that is in them.
    trials: u64,
    /// The checkpoints among that.
    checkpoints: u64,
}

impl Disk {
    /// What the study uses now.
    pub(crate) fn of(plan: &Plan) -> Result<Self> {
        let usage = plan.folders()?.usage(&plan.objective.checkpoints.names).into_diagnostic()?;
        let beside = |ending: &&str| {
            let mut path = plan.storage.clone().into_os_string();
            path.push(ending);
            PathBuf::from(path)
        };
        // Some of them are not there when nobody has the log open.
        let log = BESIDE.iter().map(beside).filter_map(|path| file_usage(&path).ok()).sum();
        Ok(Self { log, trials: usage.trials, checkpoints: usage.checkpoints })
    }
}

impl fmt::Display for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { log, trials, checkpoints } = *self;
        write!(f, "disk: {}, of that the log {}", in_words(log + trials), in_words(log))?;
        if checkpoints > 0 {
            write!(f, " and checkpoints {}", in_words(checkpoints))?;
        }
        Ok(())
    }
}
