//! Waiting for a storage that has no room, or that others keep locked.

use std::sync::MutexGuard;
use std::thread;
use std::time::Duration;

use temper_core::{Event, StorageError};

use crate::Study;
use crate::ledger::{AppendError, Ledger};

/// How long to wait before a report or the result of a trial is offered again to a storage that is
/// full or locked. In total half a minute; then the run ends with an error.
const PATIENCE: [Duration; 4] = [
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(7),
    Duration::from_secs(20),
];

impl Study {
    /// Appends the event, and waits a while for a storage that is full or locked. In the ledger that
    /// it returns nothing has happened since.
    pub(crate) fn append_patiently(
        &self,
        event: &Event,
    ) -> Result<MutexGuard<'_, Ledger>, AppendError> {
        for pause in PATIENCE {
            let mut ledger = self.ledger();
            match ledger.append(event) {
                Err(AppendError::Storage(
                    StorageError::Full { .. } | StorageError::Busy { .. },
                )) => {
                    drop(ledger);
                    thread::sleep(pause);
                }
                appended => return appended.map(|()| ledger),
            }
        }
        let mut ledger = self.ledger();
        ledger.append(event)?;
        Ok(ledger)
    }
}
