//! How a study is run, as opposed to what it is.

use std::time::Duration;

use temper_core::{FailureKind, Trial};

use crate::Budget;

/// The settings of one run of a study. They may differ from run to run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How often a failed trial is tried again.
    pub retries: Retries,
    /// How long a worker may be silent until its trials are taken over. It beats four times as
    /// often. Default: one minute.
    pub lease: Duration,
    /// What may be spent before all trials have run. Default: anything.
    pub budget: Budget,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            retries: Retries::default(),
            lease: Duration::from_secs(60),
            budget: Budget::default(),
        }
    }
}

/// How often a trial is tried again, by the kind of its failure. What is not listed here is not
/// tried again: a configuration that ran out of memory would do so again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// For preempted trials. Default: 20.
    pub preempted: u32,
    /// For crashed trials. Default: 1.
    pub crashed: u32,
    /// For trials that found the disk full. Default: 1.
    pub disk_full: u32,
}

impl Default for Retries {
    fn default() -> Self {
        Self { preempted: 20, crashed: 1, disk_full: 1 }
    }
}

impl Retries {
    /// Whether a trial that now fails in this way is tried again.
    pub(crate) fn allow(self, trial: &Trial, kind: FailureKind) -> bool {
        let limit = match kind {
            FailureKind::Preempted => self.preempted,
            FailureKind::Crashed => self.crashed,
            FailureKind::DiskFull => self.disk_full,
            FailureKind::OutOfMemory | FailureKind::Diverged | FailureKind::Timeout => 0,
        };
        let so_far = trial.failures().iter().filter(|failure| failure.kind == kind).count();
        so_far < limit as usize
    }
}
