//! A disk that stays full.

use std::sync::atomic::{AtomicU32, Ordering};

use temper_core::{Failure, FailureKind, Outcome, TrialId};

use crate::StudyError;

/// After how many attempts in a row that found the disk full no further one is made.
const TOO_MANY: u32 = 3;

/// The attempts in a row that found the disk full, of whichever trials.
#[derive(Debug, Default)]
pub(crate) struct FullDisk(AtomicU32);

impl FullDisk {
    /// At the beginning of a run there are none.
    pub(crate) fn forget(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// Counts how an attempt ended. The error ends the run; the trial is then tried again in the
    /// next one, however often it has failed.
    pub(crate) fn count(&self, trial: TrialId, outcome: &mut Outcome) -> Result<(), StudyError> {
        match outcome {
            Outcome::Failed { failure, retry } if failure.kind == FailureKind::DiskFull => {
                let attempts = self.0.fetch_add(1, Ordering::Relaxed) + 1;
                if attempts < TOO_MANY {
                    return Ok(());
                }
                *retry = true;
                Err(StudyError::DiskFull { attempts, trial, failure: words(failure) })
            }
            // Whoever was interrupted might have found it full, too.
            Outcome::Failed { failure, .. } if failure.kind == FailureKind::Preempted => Ok(()),
            _ => {
                self.forget();
                Ok(())
            }
        }
    }
}

/// What is known of the failure: the last line that its program wrote says which file it was.
fn words(failure: &Failure) -> String {
    let last = failure.stderr.iter().rev().find(|line| !line.is_empty());
    let last = last.map(|line| format!(" ({line})")).unwrap_or_default();
    format!("{failure}{last}")
}
