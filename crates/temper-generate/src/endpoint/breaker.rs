//! Ends what has no prospect.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many requests in a row may fail by default.
const LIMIT: u32 = 5;

/// Opens once that many requests in a row have failed for good, and stays open. Threads share it.
#[derive(Debug)]
pub(super) struct CircuitBreaker {
    limit: u32,
    row: Mutex<Row>,
}

/// Failures without a success between them.
#[derive(Debug, Default)]
struct Row {
    failures: u32,
    last: String,
}

impl CircuitBreaker {
    /// Opens at the `limit`th failure in a row, at the first if it is 0.
    pub(super) fn new(limit: u32) -> Self {
        Self { limit: limit.max(1), row: Mutex::default() }
    }

    /// How many have failed in a row and what the last one said, once it is open.
    pub(super) fn opened_by(&self) -> Option<(u32, String)> {
        let row = self.row();
        (row.failures >= self.limit).then(|| (row.failures, row.last.clone()))
    }

    pub(super) fn record_failure(&self, said: &str) {
        let mut row = self.row();
        if row.failures < self.limit {
            row.failures += 1;
            said.clone_into(&mut row.last);
        }
    }

    /// A late answer does not close it.
    pub(super) fn record_success(&self) {
        let mut row = self.row();
        if row.failures < self.limit {
            row.failures = 0;
        }
    }

    /// No thread panics while it holds the lock, and half a row would be no worse than another.
    fn row(&self) -> MutexGuard<'_, Row> {
        self.row.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for CircuitBreaker {
    fn default() -> Self {
        Self::new(LIMIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_by_failures_in_a_row_and_stays_open() {
        let breaker = CircuitBreaker::new(2);
        breaker.record_failure("one");
        breaker.record_success();
        breaker.record_failure("two");
        assert_eq!(breaker.opened_by(), None);
        breaker.record_failure("three");
        breaker.record_failure("a late one");
        breaker.record_success();
        assert_eq!(breaker.opened_by(), Some((2, "three".to_owned())));
    }
}
