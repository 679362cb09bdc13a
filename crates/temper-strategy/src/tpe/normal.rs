//! The normal distribution, cut to the unit interval.

use std::f64::consts::{FRAC_1_SQRT_2, TAU};

use temper_core::Rng;

use crate::normal::draw_normal;

/// Beyond this many standard deviations the tail is taken from its series.
const TAIL: f64 = 8.0;
/// Where width^2 * (1 + z^2) is below this, two terms of the Taylor series about the middle give
/// the logarithm of a mass to 2e-5.
const THIN: f64 = 0.1;
/// A draw falls outside with a probability below 2/3, so all of them do once in 10^17 times.
const DRAWS: u32 = 100;

/// The logarithm of the probability that the standard normal distribution gives to the interval
/// from `low` to `high`, also where the probability itself underflows.
pub(super) fn ln_mass(low: f64, high: f64) -> f64 {
    let width = high - low;
    let middle = low + 0.5 * width;
    if width * width * (1.0 + middle * middle) < THIN {
        let curvature = width * width * (middle * middle - 1.0) / 24.0;
        let ln_width = width.max(f64::MIN_POSITIVE).ln();
        return -0.5 * (middle * middle + TAU.ln()) + ln_width + curvature;
    }
    // Mirrored to the upper side, where `erfc` is exact.
    let (low, high) = if low + high < 0.0 { (-high, -low) } else { (low, high) };
    if low < TAIL {
        let twice = libm::erfc(low * FRAC_1_SQRT_2) - libm::erfc(high * FRAC_1_SQRT_2);
        return (0.5 * twice).ln();
    }
    let (near, far) = (ln_tail(low), ln_tail(high));
    near + (-(far - near).exp()).ln_1p()
}

/// The logarithm of the probability above `z`, for large `z`: Abramowitz and Stegun 1964, 26.2.12,
/// three terms. From 8 on, the relative error of the probability is below 1e-5.
fn ln_tail(z: f64) -> f64 {
    let x = 1.0 / (z * z);
    -0.5 * (z * z + TAU.ln()) - z.ln() + (-x * (1.0 - 3.0 * x * (1.0 - 5.0 * x))).ln_1p()
}

/// The probability that the normal distribution gives to the unit interval. Its mean lies there,
/// and `sigma` is at most 1: so it is more than a third.
pub(super) fn inside(mean: f64, sigma: f64) -> f64 {
    // Beyond six deviations are 1e-9, which is not worth the time.
    let outside = |z: f64| if z > 6.0 { 0.0 } else { 0.5 * libm::erfc(z * FRAC_1_SQRT_2) };
    1.0 - outside(mean / sigma) - outside((1.0 - mean) / sigma)
}

/// A draw from the normal distribution cut to the unit interval. Its mean lies there, and `sigma`
/// is at most 1.
pub(super) fn draw_inside(mean: f64, sigma: f64, rng: &mut Rng) -> f64 {
    (0..DRAWS)
        .map(|_| mean + sigma * draw_normal(rng))
        .find(|place| (0.0..=1.0).contains(place))
        .unwrap_or(mean)
}

#[cfg(test)]
mod tests {
    use temper_core::stream;

    use super::*;

    /// `low`, `high` and the logarithm of the mass, by mpmath 1.4 in 3,000 digits:
    /// `log((erfc(low / sqrt(2)) - erfc(high / sqrt(2))) / 2)`.
    const REFERENCE: [(f64, f64, f64); 12] = [
        (-1.0, 1.0, -0.38171514630212605),
        (0.0, 0.5, -1.6530635142555676),
        (-0.25, 2.0, -0.5517236737222335),
        (7.5, 9.0, -31.075894439802305),
        (8.5, 9.0, -39.20937339174401),
        (20.0, 20.1, -204.06101838381616),
        (99.0, 100.0, -4906.014160387732),
        (-3.0, 40.0, -0.0013508099647481938),
        (3.0, 3.0001, -14.629428903097397),
        (-0.15, 0.15, -2.126655716552974),
        (2.95, 3.04, -7.809209359662108),
        (99.5, 99.5005, -4958.6696129084185),
    ];

    #[test]
    fn log_masses_agree_with_reference_values() {
        for (low, high, expected) in REFERENCE {
            let found = ln_mass(low, high);
            assert!((found - expected).abs() < 2e-5, "{low} {high} {found}");
            assert_eq!(ln_mass(-high, -low), found);
        }
    }

    #[test]
    fn the_mass_inside_is_that_of_the_unit_interval() {
        for (mean, sigma) in [(0.0, 1.0), (0.5, 1.0), (0.03, 0.01), (0.5, 0.01), (1.0, 0.2)] {
            let expected = ln_mass(-mean / sigma, (1.0 - mean) / sigma);
            assert!((inside(mean, sigma).ln() - expected).abs() < 1e-8, "{mean} {sigma}");
        }
    }

    #[test]
    fn draws_stay_inside_and_have_the_mean_of_the_cut_distribution() {
        let mut rng = stream(7, 0);
        let draws: Vec<_> = (0..10_000).map(|_| draw_inside(0.0, 1.0, &mut rng)).collect();
        assert!(draws.iter().all(|place| (0.0..=1.0).contains(place)));
        // (phi(0) - phi(1)) / (Phi(1) - Phi(0)) = 0.4598; the mean's standard deviation is 0.003.
        let mean = draws.iter().sum::<f64>() / 10_000.0;
        assert!((mean - 0.4598).abs() < 0.015, "{mean}");
    }
}
