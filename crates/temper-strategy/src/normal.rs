//! Draws from the standard normal distribution, and shares of it; its functions are those of
//! [`temper_gp::normal`].

use std::f64::consts::TAU;

use rand::RngExt;
use temper_core::Rng;
use temper_gp::normal::{distribution, quantile};

/// Draws a standard normal number.
///
/// Source: Box and Muller, "A Note on the Generation of Random Normal Deviates", 1958.
pub(crate) fn draw_normal(rng: &mut Rng) -> f64 {
    let (radius, angle): (f64, f64) = (rng.random(), rng.random());
    (-2.0 * (1.0 - radius).ln()).sqrt() * (TAU * angle).cos()
}

/// The number between `lower` and `upper` that has this share of their probability below it.
pub(crate) fn quantile_between(lower: f64, upper: f64, share: f64) -> f64 {
    if lower > 0.0 {
        return -quantile_between(-upper, -lower, 1.0 - share); // The lower tail has more digits.
    }
    let (below, above) = (distribution(lower), distribution(upper));
    if above - below <= f64::MIN_POSITIVE {
        return upper.min(0.0); // So far out that all of it is at the near end.
    }
    quantile(below + share * (above - below)).clamp(lower, upper)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_mean_zero_and_variance_one() {
        let mut rng = temper_core::stream(7, 0);
        let draws: Vec<_> = (0..10_000).map(|_| draw_normal(&mut rng)).collect();
        let mean = draws.iter().sum::<f64>() / 1e4;
        let variance = draws.iter().map(|draw| draw * draw).sum::<f64>() / 1e4;
        // Their standard errors are 0.01 and 0.014: five of them.
        assert!(mean.abs() < 0.05 && (variance - 1.0).abs() < 0.07, "{mean} {variance}");
    }

    #[test]
    fn a_quantile_between_bounds_is_between_them() {
        let infinite = f64::INFINITY;
        for (lower, upper) in
            [(-1.0, 2.0), (3.0, 4.0), (60.0, 61.0), (-infinite, -50.0), (2.0, infinite)]
        {
            for share in [0.0, 0.1, 0.5, 0.999] {
                let number = quantile_between(lower, upper, share);
                assert!(number >= lower && number <= upper && !number.is_nan(), "{number}");
            }
        }
        assert!(quantile_between(-1.0, 1.0, 0.5).abs() < 1e-12);
    }
}
