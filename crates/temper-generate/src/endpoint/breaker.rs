//! Ends what has no prospect.

use std::sync::atomic::{AtomicU32, Ordering};

/// How many requests in a row may fail by default.
const LIMIT: u32 = 5;

/// Opens once that many requests in a row have failed for good, and stays open. Threads share it.
#[derive(Debug)]
pub struct CircuitBreaker {
    limit: u32,
    failures: AtomicU32,
}

impl CircuitBreaker {
    /// Opens at the `limit`th failure in a row, at the first if it is 0.
    #[must_use]
    pub fn new(limit: u32) -> Self {
        Self { limit: limit.max(1), failures: AtomicU32::new(0) }
    }

    /// How many have failed in a row, once it is open.
    #[must_use]
    pub fn opened_by(&self) -> Option<u32> {
        let failures = self.failures.load(Ordering::SeqCst);
        (failures >= self.limit).then_some(self.limit)
    }

    pub(super) fn record_failure(&self) {
        self.update(|failures| failures + 1);
    }

    pub(super) fn record_success(&self) {
        self.update(|_| 0);
    }

    /// Changes the count unless it is open: a late answer does not close it.
    fn update(&self, change: impl Fn(u32) -> u32) {
        let limit = self.limit;
        let changed = |failures| (failures < limit).then(|| change(failures));
        // An error says that it is open, which is as good.
        let _ = self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, changed);
    }
}

impl Default for CircuitBreaker {
    fn default() -> Self {
        Self::new(LIMIT)
    }
}
