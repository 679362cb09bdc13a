//! The standard normal distribution.

use std::f64::consts::TAU;

use rand::RngExt;
use temper_core::Rng;

/// Draws a standard normal number.
///
/// Source: Box and Muller, "A Note on the Generation of Random Normal Deviates", 1958.
pub(crate) fn draw_normal(rng: &mut Rng) -> f64 {
    let (radius, angle): (f64, f64) = (rng.random(), rng.random());
    (-2.0 * (1.0 - radius).ln()).sqrt() * (TAU * angle).cos()
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
}
