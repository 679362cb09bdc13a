//! Why a task did not succeed.

use std::io;
use std::process::ExitCode;

/// Why a task did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A command or a check failed and has said why: leave with this exit code.
    Said(u8),
    /// Something that the task needs is missing or wrong: this.
    Unmet(String),
    /// A file could not be read, or a command could not be started.
    Io(io::Error),
}

impl Failure {
    /// Says what was not said yet, and gives the exit code of the process.
    pub(crate) fn report(self) -> ExitCode {
        match self {
            Self::Said(code) => ExitCode::from(code),
            Self::Unmet(need) => {
                eprintln!("error: {need}");
                ExitCode::FAILURE
            }
            Self::Io(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
