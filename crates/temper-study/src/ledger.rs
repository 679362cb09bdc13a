//! The log, and the history and strategy that follow it event by event.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use temper_core::{
    Event, History, Next, ObjectiveError, Pruner, Refused, Seq, Step, Storage, StorageError,
    Strategy, StrategyError, TrialId, propose, stream,
};
use temper_space::Space;

use crate::Observer;

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
    /// The trials of which the observer knows that their checkpoints can't be removed.
    kept: BTreeSet<TrialId>,
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
            kept: BTreeSet::new(),
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

    /// Shows the observer that a trial's checkpoints can't be removed, unless it knows.
    pub(crate) fn tell_kept(&mut self, trial: TrialId, error: &ObjectiveError) {
        if let (Some(observer), true) = (&mut self.observer, self.kept.insert(trial)) {
            observer.keeps(trial, error);
        }
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
            let at = self.history.len();
            let appended = self.storage.lock().append(at, event);
            match appended {
                Ok(()) => return Ok(self.absorb(event)?),
                Err(StorageError::Conflict { at }) => {
                    self.catch_up()?;
                    if self.history.len() == at {
                        return Err(StorageError::Conflict { at }.into()); // the log has shrunk
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Asks the pruner and the strategy, on the random stream of the next proposal.
    pub(crate) fn ask(
        &mut self,
        space: &Space,
        pruner: Option<&dyn Pruner>,
    ) -> Result<Proposal, StrategyError> {
        let seen = self.history.len();
        let seed = self.history.setup().map_or(0, |setup| setup.seed);
        let mut rng = stream(seed, self.history.proposals());
        let strategy = &mut *self.strategy;
        let next =
            propose(strategy, pruner, self.history.intake(), space, &self.history, &mut rng)?;
        Ok(Proposal { next, seen })
    }

    /// Where the default configuration pauses, by the strategy.
    pub(crate) fn first_pause(&self) -> Option<Step> {
        self.strategy.until(&self.history)
    }

    /// Why the strategy has nothing more to propose, if it might have.
    pub(crate) fn ending(&self) -> Option<&str> {
        self.strategy.ending()
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
