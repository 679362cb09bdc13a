//! The one place randomness comes from.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// What random numbers are drawn for; each has numbers of its own.
#[derive(Clone, Copy)]
pub(crate) enum Draw {
    /// The initial weights.
    Weights,
    /// The sequences of an optimizer step, counted from 0.
    Sequences { step: u64 },
    /// The tokens of a text that is generated.
    Text,
}

/// The generator of a run's random numbers for one purpose.
pub(crate) fn stream(seed: u64, draw: Draw) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(match draw {
        Draw::Weights => 0,
        Draw::Text => u64::MAX,
        Draw::Sequences { step } => step + 1,
    });
    rng
}
