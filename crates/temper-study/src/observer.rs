//! Somebody who watches a study.

use temper_core::{Event, History};

/// Is shown each event once it is part of the history, also those of other processes and those of
/// earlier runs.
pub trait Observer: Send {
    /// Shows one event and the history that ends with it.
    fn see(&mut self, event: &Event, history: &History);
}
