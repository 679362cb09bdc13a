//! Somebody who watches a study.

use temper_core::{Event, History, ObjectiveError, TrialId};

/// Is shown each event once it is part of the history, also those of other processes and those of
/// earlier runs.
pub trait Observer: Send {
    /// Shows one event and the history that ends with it.
    fn see(&mut self, event: &Event, history: &History);

    /// Shows why checkpoints of a trial that nothing needs any more stay on the disk, once for each
    /// trial; it is tried again later.
    fn keeps(&mut self, _trial: TrialId, _error: &ObjectiveError) {}
}
