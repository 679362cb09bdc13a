//! The one place randomness comes from.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The first stream of orders: no run has as many steps.
const ORDERS: u64 = 1 << 62;

/// The first stream of samples, above those of as many epochs.
const SAMPLES: u64 = ORDERS | 1 << 61;

/// What random numbers are drawn for; each has numbers of its own.
#[derive(Clone, Copy)]
pub(crate) enum Draw {
    /// The initial weights.
    Weights,
    /// The sequences of an optimizer step, counted from 0.
    Sequences { step: u64 },
    /// The dropout of a pass of an optimizer step, both counted from 0.
    Dropout { step: u64, pass: u64 },
    /// The order of the examples in an epoch, counted from 0.
    Order { epoch: u64 },
    /// The initial weights of adapters.
    Adapters,
    /// The tokens of a text that is generated.
    Text,
    /// The same after an optimizer step, counted from 1.
    Sample { step: u64 },
}

/// Where the streams of dropout begin; those of sequences end below it.
const DROPOUT: u64 = 1 << 63;

/// Room for the passes of a step, of which there are at most 1,000,000.
const PASS_BITS: u32 = 20;

/// The generator of a run's random numbers for one purpose.
pub(crate) fn stream(seed: u64, draw: Draw) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(match draw {
        Draw::Weights => 0,
        Draw::Text => u64::MAX,
        Draw::Adapters => u64::MAX - 1,
        Draw::Sequences { step } => step + 1,
        Draw::Dropout { step, pass } => DROPOUT | step << PASS_BITS | pass,
        Draw::Order { epoch } => ORDERS + epoch,
        Draw::Sample { step } => SAMPLES + step,
    });
    rng
}
