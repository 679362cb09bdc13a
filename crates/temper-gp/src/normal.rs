//! The normal distribution's functions, accurate far into the lower tail.
//!
//! `phi` is the standard normal density, `Phi` its distribution function, and
//! `h(z) = phi(z) + z Phi(z)` the expected improvement of a standard normal below `z`
//! (Jones et al. 1998, eq. 15; Ament et al. 2023, eq. 2).

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use libm::erfc; // that of statrs is good for ten digits only
use statrs::function::erf::erfc_inv;

/// Below this the ratios are summed as continued fractions: above it the plain formulas lose less
/// than one digit.
const TAIL: f64 = -2.0;

/// `ln phi(z)`.
pub fn ln_density(z: f64) -> f64 {
    -0.5 * z * z - 0.5 * (2.0 * PI).ln()
}

/// `Phi(z)`.
pub fn distribution(z: f64) -> f64 {
    0.5 * erfc(-z * FRAC_1_SQRT_2)
}

/// The `z` at which `Phi(z) = p`, for `p` in (0, 1).
pub fn quantile(p: f64) -> f64 {
    -std::f64::consts::SQRT_2 * erfc_inv(2.0 * p)
}

/// `ln Phi(z)`.
pub fn ln_distribution(z: f64) -> f64 {
    if z > TAIL {
        return distribution(z).ln();
    }
    // Phi(z) = phi(z) / (x + t) with x = -z.
    ln_density(z) - (tail(-z) - z).ln()
}

/// `d/dz ln Phi(z) = phi(z) / Phi(z)`.
pub fn ln_distribution_slope(z: f64) -> f64 {
    if z > TAIL { ln_density(z).exp() / distribution(z) } else { tail(-z) - z }
}

/// `ln h(z)`.
pub fn ln_improvement(z: f64) -> f64 {
    if z > TAIL {
        return (ln_density(z).exp() + z * distribution(z)).ln();
    }
    // h(z) = phi(z) (1 - x / (x + t)) = phi(z) t / (x + t) with x = -z: nothing cancels.
    let (x, t) = (-z, tail(-z));
    ln_density(z) + (t / (x + t)).ln()
}

/// `d/dz ln h(z) = Phi(z) / h(z)`.
pub fn ln_improvement_slope(z: f64) -> f64 {
    if z > TAIL {
        let below = distribution(z);
        return below / (ln_density(z).exp() + z * below);
    }
    tail(-z).recip()
}

/// `t = 1/(x + 2/(x + 3/(x + ...)))`, with which `(1 - Phi(x)) / phi(x) = 1/(x + t)`, for `x >= 2`.
/// Abramowitz and Stegun 1964, 26.2.14.
fn tail(x: f64) -> f64 {
    // The fraction needs about 500/x^2 terms for the last digit.
    let terms = (500.0 / (x * x)).min(125.0) as u32 + 8;
    let below = (2..=terms).rev().fold(x, |below, term| x + f64::from(term) / below);
    below.recip()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_formulas_meet() {
        let around = |f: fn(f64) -> f64| (f(TAIL + 1e-12), f(TAIL - 1e-12));
        for f in [ln_distribution, ln_improvement, ln_distribution_slope, ln_improvement_slope] {
            let (above, below) = around(f);
            // The functions themselves change by 3e-12 between the two places.
            assert!((above - below).abs() < 1e-11, "{above} {below}");
        }
    }

    #[test]
    fn slopes_are_those_of_finite_differences() {
        for z in [-30.0, -8.0, -2.5, -1.0, 0.0, 1.5, 4.0] {
            let slope = |f: fn(f64) -> f64| (f(z + 1e-5) - f(z - 1e-5)) / 2e-5;
            // Central differences at this step are good for about 1e-9 relative.
            let close = |a: f64, b: f64| (a - b).abs() < 1e-6 * b.abs().max(1e-3);
            assert!(close(slope(ln_distribution), ln_distribution_slope(z)), "{z}");
            assert!(close(slope(ln_improvement), ln_improvement_slope(z)), "{z}");
        }
    }

    #[test]
    fn the_quantile_is_the_inverse() {
        for p in [1e-9, 0.01, 0.3, 0.5, 0.99] {
            assert!((distribution(quantile(p)) / p - 1.0).abs() < 1e-9);
        }
    }
}
