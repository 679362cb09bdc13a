//! Why a trial failed.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The kinds of failure; a strategy learns from some of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The trial needed more memory than there was, or than it was allowed.
    OutOfMemory,
    /// It reported a NaN or an infinite value.
    Diverged,
    /// It ran longer than it was allowed.
    Timeout,
    /// It was interrupted from outside: the runner was stopped or died, the machine was taken.
    Preempted,
    /// The disk had no room for what it had to write.
    DiskFull,
    /// It ended by itself without a result.
    Crashed,
}

impl FailureKind {
    /// Whether it says something about the configuration: who learns from failures leaves out the
    /// others.
    #[must_use]
    pub fn teaches(self) -> bool {
        match self {
            Self::OutOfMemory | Self::Diverged | Self::Timeout | Self::Crashed => true,
            Self::Preempted | Self::DiskFull => false,
        }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OutOfMemory => "out_of_memory",
            Self::Diverged => "diverged",
            Self::Timeout => "timeout",
            Self::Preempted => "preempted",
            Self::DiskFull => "disk_full",
            Self::Crashed => "crashed",
        })
    }
}

/// A failure and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What kind of failure.
    pub kind: FailureKind,
    /// One sentence for a person.
    pub message: String,
    /// The exit code of the trial's process, if it exited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The signal that ended the trial's process, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// The last lines that the trial's process wrote to stderr.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stderr: Vec<String>,
}

impl Failure {
    /// A failure of which only kind and message are known.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), exit_code: None, signal: None, stderr: Vec::new() }
    }

    /// Whether it says something about the configuration: see [`FailureKind::teaches`].
    #[must_use]
    pub fn teaches(&self) -> bool {
        self.kind.teaches()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}

impl std::error::Error for Failure {}
