//! The log, and the history and strategy that follow it event by event.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use temper_core::{
    Event, History, Next, Refused, Seq, Storage, StorageError, Strategy, StrategyError, TrialId,
    stream,
};
use temper_space::Space;

use crate::Observer;

/// How long to wait before the result of a trial is offered again to a storage that is full or
/// locked. In total half a minute; then the run ends with an error.
const PATIENCE: [Duration; 4] = [
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(7),
    Duration::from_secs(20),
];

/// A storage apart from what is rebuilt from it: a worker beats also while its strategy thinks.
#[derive(Clone)]
pub(crate) struct SharedStorage(Arc<Mutex<Box<dyn Storage>>>);

impl SharedStorage {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Box<dyn Storage>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A storage with everything that is rebuilt from it.
pub(crate) struct Ledger {
    storage: SharedStorage,
    history: History,
    strategy: Box<dyn Strategy>,
    observer: Option<Box<dyn Observer>>,
}

/// Why an event was not appended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppendError {
    /// It does not follow from what others have appended meanwhile.
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// A strategy's answer and the number of events that it had seen.
pub(crate) struct Proposal {
    pub(crate) next: Next,
    pub(crate) seen: Seq,
}

impl Ledger {
    pub(crate) fn new(storage: Box<dyn Storage>, strategy: Box<dyn Strategy>) -> Self {
        Self {
            storage: SharedStorage(Arc::new(Mutex::new(storage))),
            history: History::new(),
            strategy,
            observer: None,
        }
    }

    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    pub(crate) fn into_history(self) -> History {
        self.history
    }

    /// Sets who is shown the events from now on.
    pub(crate) fn observe(&mut self, observer: Box<dyn Observer>) {
        self.observer = Some(observer);
    }

    /// Reads what has been appended since.
    pub(crate) fn catch_up(&mut self) -> Result<(), AppendError> {
        let events = self.storage.lock().read(self.history.len())?;
        for event in events {
            self.absorb(&event)?;
        }
        Ok(())
    }

    /// Appends the event unless it does not follow from the log as it is now.
    pub(crate) fn append(&mut self, event: &Event) -> Result<(), AppendError> {
        loop {
            self.history.check(event)?;
            let appended = self.storage.lock().append(self.history.len(), event);
            match appended {
                Ok(()) => return Ok(self.absorb(event)?),
                Err(StorageError::Conflict { .. }) => self.catch_up()?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Appends the event, and waits a while for a storage that is full or locked.
    pub(crate) fn append_patiently(&mut self, event: &Event) -> Result<(), AppendError> {
        for pause in PATIENCE {
            match self.append(event) {
                Err(AppendError::Storage(
                    StorageError::Full { .. } | StorageError::Busy { .. },
                )) => {
                    std::thread::sleep(pause);
                }
                other => return other,
            }
        }
        self.append(event)
    }

    /// Asks the strategy, on the random stream of this moment in the log.
    pub(crate) fn ask(&mut self, space: &Space) -> Result<Proposal, StrategyError> {
        let seen = self.history.len();
        let seed = self.history.setup().map_or(0, |setup| setup.seed);
        let next = self
            .strategy
            .ask(space, &self.history, &mut stream(seed, seen))?;
        Ok(Proposal { next, seen })
    }

    /// The number that a new trial gets.
    pub(crate) fn next_trial(&self) -> TrialId {
        TrialId(self.history.trials().len() as u64)
    }

    pub(crate) fn storage(&self) -> &SharedStorage {
        &self.storage
    }

    fn absorb(&mut self, event: &Event) -> Result<(), Refused> {
        self.history.apply(event)?;
        self.strategy.tell(event);
        if let Some(observer) = &mut self.observer {
            observer.see(event, &self.history);
        }
        Ok(())
    }
}
