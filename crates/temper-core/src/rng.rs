//! The one place that randomness comes from.

use rand::{Rng as _, SeedableRng};

use crate::TrialId;

/// The generator of every draw.
pub type Rng = rand_chacha::ChaCha8Rng;

/// The generator of one event: the study's seed, on a stream of its own. The same arguments give
/// the same draws on every machine.
#[must_use]
pub fn stream(seed: u64, stream: u64) -> Rng {
    let mut rng = Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

// Where streams start, far from each other and from those of the log's events, which start at 0.
// From `1 << 62` on `temper-strategy` judges whether a search has converged.

/// Of the seeds of trials.
const TRIAL_STREAMS: u64 = 1 << 63;
/// Of the seeds that all share who are confirmed.
pub(crate) const CONFIRMATION_STREAMS: u64 = 3 << 62;

/// The seed with which a trial of that number runs, unless it shares one with others.
#[must_use]
pub fn trial_seed(seed: u64, trial: TrialId) -> u32 {
    stream(seed, TRIAL_STREAMS + trial.0).next_u32()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ() {
        assert_eq!(stream(7, 3).next_u64(), stream(7, 3).next_u64());
        assert_ne!(stream(7, 3).next_u64(), stream(7, 4).next_u64());
        assert_ne!(stream(7, 3).next_u64(), stream(8, 3).next_u64());
    }
}
