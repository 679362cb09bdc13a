//! Which workers are lost.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use temper_core::{Pulse, WorkerId};

/// How often pulses are felt at most.
const INTERVAL: Duration = Duration::from_secs(1);

/// Remembers when each worker's count of beats was last seen to change, by this process's own
/// clock: clocks of different machines are never compared.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    seen: BTreeMap<WorkerId, (u64, Instant)>,
    last: Option<Instant>,
}

impl Watch {
    /// Whether it is time to look at the workers again; if so, the next time is later.
    pub(crate) fn is_due(&mut self, now: Instant) -> bool {
        let due = self.last.is_none_or(|last| now.duration_since(last) >= INTERVAL);
        if due {
            self.last = Some(now);
        }
        due
    }

    /// Whether the worker is lost, given its pulse now.
    pub(crate) fn is_lost(
        &mut self,
        worker: &WorkerId,
        pulse: Pulse,
        now: Instant,
        lease: Duration,
    ) -> bool {
        let Pulse::Beats(count) = pulse else {
            return true;
        };
        let (last, since) = self.seen.entry(worker.clone()).or_insert((count, now));
        if *last != count {
            (*last, *since) = (count, now);
        }
        now.duration_since(*since) >= lease
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_lost_when_it_is_dead_or_silent_for_a_lease() {
        let (worker, lease, start) = (WorkerId::new("a"), Duration::from_secs(60), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut watch = Watch::default();
        assert!(!watch.is_lost(&worker, Pulse::Beats(3), at(0), lease));
        assert!(!watch.is_lost(&worker, Pulse::Beats(4), at(59), lease));
        assert!(!watch.is_lost(&worker, Pulse::Beats(4), at(118), lease));
        assert!(watch.is_lost(&worker, Pulse::Beats(4), at(119), lease));
        assert!(watch.is_lost(&WorkerId::new("b"), Pulse::Dead, at(0), lease));
    }
}
