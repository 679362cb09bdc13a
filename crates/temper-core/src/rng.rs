//! The one place that randomness comes from.

use rand::SeedableRng;

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

#[cfg(test)]
mod tests {
    use rand::Rng as _;

    use super::*;

    #[test]
    fn streams_repeat_and_differ() {
        assert_eq!(stream(7, 3).next_u64(), stream(7, 3).next_u64());
        assert_ne!(stream(7, 3).next_u64(), stream(7, 4).next_u64());
        assert_ne!(stream(7, 3).next_u64(), stream(8, 3).next_u64());
    }
}
