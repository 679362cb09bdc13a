//! Who asks for what right now.

use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::RequestKey;

/// The keys that threads of this process ask for right now.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    keys: Mutex<BTreeSet<RequestKey>>,
    freed: Condvar,
}

/// The right to ask for a key, which ends with this value.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    in_flight: &'a InFlight,
    key: RequestKey,
}

impl InFlight {
    /// Waits until nobody else asks for the key.
    pub(super) fn claim(&self, key: RequestKey) -> Claim<'_> {
        let mut keys = self.keys();
        while !keys.insert(key) {
            keys = self.freed.wait(keys).unwrap_or_else(PoisonError::into_inner);
        }
        Claim { in_flight: self, key }
    }

    /// A set is whole at any moment, also if a thread panics.
    fn keys(&self) -> MutexGuard<'_, BTreeSet<RequestKey>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.in_flight.keys().remove(&self.key);
        self.in_flight.freed.notify_all();
    }
}
