//! The exit codes.

use std::process::ExitCode;

/// How the command line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All is well.
    Ok,
    /// No trial completed, or a replay came out differently.
    NothingFound,
    /// The user or the surroundings must change something.
    UserError,
    /// Interrupted by a signal.
    Interrupted,
}

/// The codes, for the help.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0    all is well
  1    no trial completed, or a replay came out differently
  2    something must be changed first: the message says what
  130  interrupted; the study can be resumed";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Ok => 0,
            Exit::NothingFound => 1,
            Exit::UserError => 2,
            Exit::Interrupted => 130,
        })
    }
}
