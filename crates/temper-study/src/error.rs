//! What can end a run of a study.

use temper_core::{Config, Refused, StorageError, StrategyError, TrialId};
use temper_space::SpaceError;

use crate::ledger::AppendError;

/// Why a study can't be opened or go on.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// The log can't be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The strategy can propose nothing.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
    /// The log holds an event that can't follow from those before it.
    #[error("the log is inconsistent: {0}")]
    Inconsistent(Refused),
    /// The space or a requirement is wrong.
    #[error(transparent)]
    Space(#[from] SpaceError),
    /// The strategy proposed a configuration that is not in the space.
    #[error("strategy `{strategy}` proposed {config}, which the space does not allow: {reason}")]
    BadProposal {
        /// The strategy's name.
        strategy: String,
        /// What it proposed.
        config: Config,
        /// Why it is not allowed.
        reason: String,
    },
    /// The strategy wants to go on with a trial that is not paused.
    #[error("strategy `{strategy}` wants to resume a trial that it can't: {refused}")]
    BadResume {
        /// The strategy's name.
        strategy: String,
        /// The rule that it would break.
        refused: Refused,
    },
    /// The study's log was written for another search space.
    #[error("the log of study `{study}` was written for another {what}: {difference}")]
    Changed {
        /// The study's name.
        study: String,
        /// What differs.
        what: &'static str,
        /// How.
        difference: String,
    },
    /// No trial can be run here.
    #[error("trial {trial} can't be run: {reason}")]
    Unable {
        /// The trial that was to be run.
        trial: TrialId,
        /// Why.
        reason: String,
    },
    /// One attempt after the other found the disk full.
    #[error(
        "{attempts} attempts in a row found the disk full, the last one at trial {trial}: {failure}"
    )]
    DiskFull {
        /// How many.
        attempts: u32,
        /// The trial of the last one.
        trial: TrialId,
        /// How that one failed, for a person.
        failure: String,
    },
    /// A trial ended but the storage did not take its result.
    #[error("trial {trial} ended ({result}), but that could not be recorded: {source}")]
    Unrecorded {
        /// The trial.
        trial: TrialId,
        /// How it ended, for a person.
        result: String,
        /// What the storage said.
        source: StorageError,
    },
}

impl From<AppendError> for StudyError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Refused(refused) => Self::Inconsistent(refused),
            AppendError::Storage(error) => Self::Storage(error),
        }
    }
}
