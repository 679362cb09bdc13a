//! Whether a run of a study is to end before all its trials have run.

use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use temper_core::History;

use crate::meter::Meter;
use crate::{Spent, Study};

impl Study {
    /// Whether running trials are to end where they are.
    pub(crate) fn interrupted(&self) -> bool {
        self.interrupt.load(Ordering::Relaxed)
            || self.broken.load(Ordering::Relaxed)
            || self.settings.budget.is_over(self.elapsed(), self.meter().seconds(Instant::now()))
    }

    /// What ended the last run before all trials had run, if anything did.
    #[must_use]
    pub fn ended_by(&self) -> Option<Spent> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the budget is spent; then it is known why.
    pub(crate) fn spent(&self, history: &History) -> bool {
        let seconds = {
            let mut meter = self.meter();
            meter.read(history);
            meter.seconds(Instant::now())
        };
        let spent = self.settings.budget.spent(history, self.elapsed(), seconds);
        // A target ends the search; what it has found is confirmed all the same.
        let confirms = self.setup.confirm.is_some();
        let is_spent =
            spent.as_ref().is_some_and(|it| !confirms || !matches!(it, Spent::Target { .. }));
        self.end_by(spent);
        is_spent
    }

    /// Notes what ends this run, if anything does yet.
    pub(crate) fn end_by(&self, spent: Option<Spent>) {
        *self.spent.lock().unwrap_or_else(PoisonError::into_inner) = spent;
    }

    pub(crate) fn meter(&self) -> MutexGuard<'_, Meter> {
        self.meter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn elapsed(&self) -> Duration {
        self.began.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }
}
