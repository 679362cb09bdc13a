//! How much time trials have taken, those that run here included.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use temper_core::{History, Measure, TrialId};

/// The time of all trials: of those that ended by the log, of those that this process runs by its
/// own clock. What other processes run counts once it has ended.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    /// Seconds of attempts that have ended, as far as is known here.
    ended: f64,
    running: BTreeMap<TrialId, Instant>,
}

impl Meter {
    /// An attempt begins.
    pub(crate) fn begin(&mut self, trial: TrialId, now: Instant) {
        self.running.insert(trial, now);
    }

    /// The attempt has ended and takes no more time.
    pub(crate) fn end(&mut self, trial: TrialId, took: Duration) {
        if self.running.remove(&trial).is_some() {
            self.ended += took.as_secs_f64();
        }
    }

    /// Reads what the log says of the attempts that have ended.
    pub(crate) fn read(&mut self, history: &History) {
        self.ended = Measure::Seconds.spent(history);
    }

    /// Seconds in total.
    pub(crate) fn seconds(&self, now: Instant) -> f64 {
        let running = self.running.values().map(|since| now.duration_since(*since).as_secs_f64());
        self.ended + running.sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_counts_as_its_time_passes_and_once_when_it_has_ended() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut meter = Meter::default();
        meter.begin(TrialId(0), at(0));
        meter.begin(TrialId(1), at(5));
        assert_eq!(meter.seconds(at(10)), 15.0);
        meter.end(TrialId(0), Duration::from_secs(10));
        assert_eq!(meter.seconds(at(12)), 17.0);
        meter.end(TrialId(0), Duration::from_secs(10));
        assert_eq!(meter.seconds(at(12)), 17.0);
        // The log knows nothing of it.
        meter.read(&History::new());
        assert_eq!(meter.seconds(at(12)), 7.0);
    }
}
