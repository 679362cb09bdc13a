//! A log in memory, shared by its clones.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use temper_core::{Event, Pulse, Seq, Storage, StorageError, WorkerId};

/// A log that lives as long as the process. Clones share it, as two processes share a file.
#[derive(Clone, Debug, Default)]
pub struct MemoryStorage(Arc<Mutex<Log>>);

#[derive(Debug, Default)]
struct Log {
    events: Vec<Event>,
    beats: BTreeMap<WorkerId, u64>,
}

impl MemoryStorage {
    /// An empty log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Storage for MemoryStorage {
    fn read(&mut self, from: Seq) -> Result<Vec<Event>, StorageError> {
        let log = self.log();
        let from = usize::try_from(from).unwrap_or(usize::MAX).min(log.events.len());
        Ok(log.events[from..].to_vec())
    }

    fn append(&mut self, at: Seq, event: &Event) -> Result<(), StorageError> {
        let mut log = self.log();
        if log.events.len() as Seq != at {
            return Err(StorageError::Conflict { at });
        }
        log.events.push(event.clone());
        Ok(())
    }

    fn reserve(&mut self) -> Result<(), StorageError> {
        Ok(())
    }

    fn beat(&mut self, worker: &WorkerId) -> Result<(), StorageError> {
        *self.log().beats.entry(worker.clone()).or_default() += 1;
        Ok(())
    }

    fn pulse(&mut self, worker: &WorkerId) -> Result<Pulse, StorageError> {
        Ok(Pulse::Beats(self.log().beats.get(worker).copied().unwrap_or_default()))
    }
}
