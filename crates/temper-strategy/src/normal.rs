//! The standard normal distribution.

use std::f64::consts::{PI, TAU};

use rand::RngExt;
use temper_core::Rng;

/// Draws a standard normal number.
///
/// Source: Box and Muller, "A Note on the Generation of Random Normal Deviates", 1958.
pub(crate) fn draw_normal(rng: &mut Rng) -> f64 {
    let (radius, angle): (f64, f64) = (rng.random(), rng.random());
    (-2.0 * (1.0 - radius).ln()).sqrt() * (TAU * angle).cos()
}

/// The probability of a number below this one.
///
/// Source: West, "Better approximations to cumulative normal functions", Wilmott 2005, after Hart,
/// "Computer Approximations", 1968, algorithm 5666; 14 digits, and 8 beyond
/// seven standard deviations.
pub(crate) fn cdf(number: f64) -> f64 {
    const ABOVE: [f64; 7] = [
        3.526_249_659_989_11e-2,
        0.700_383_064_443_688,
        6.373_962_203_531_65,
        33.912_866_078_383,
        112.079_291_497_871,
        221.213_596_169_931,
        220.206_867_912_376,
    ];
    const BELOW: [f64; 8] = [
        8.838_834_764_831_84e-2,
        1.755_667_163_182_64,
        16.064_177_579_207,
        86.780_732_202_946_1,
        296.564_248_779_674,
        637.333_633_378_831,
        793.826_512_519_948,
        440.413_735_824_752,
    ];
    const FAR: f64 = 7.071_067_811_865_47;
    let size = number.abs();
    let density = (-size * size / 2.0).exp();
    let tail = if size < FAR {
        density * polynomial(&ABOVE, size) / polynomial(&BELOW, size)
    } else {
        let fraction = [4.0, 3.0, 2.0, 1.0].iter().fold(size + 0.65, |rest, k| size + k / rest);
        density / fraction / TAU.sqrt()
    };
    if number > 0.0 { 1.0 - tail } else { tail }
}

/// The number below which another one is with this probability; infinite at 0 and 1.
///
/// Source: Acklam, "An algorithm for computing the inverse normal cumulative distribution
/// function", 2003, with his refinement by one step of Halley's method.
pub(crate) fn quantile(probability: f64) -> f64 {
    if probability <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if probability > 0.5 {
        return -quantile(1.0 - probability);
    }
    let rough = rough_quantile(probability);
    let error = cdf(rough) - probability;
    let newton = error * (2.0 * PI).sqrt() * (rough * rough / 2.0).exp();
    if newton.is_finite() { rough - newton / (1.0 + rough * newton / 2.0) } else { rough }
}

/// [`quantile`] of a probability up to a half, to 9 digits.
fn rough_quantile(probability: f64) -> f64 {
    const CENTRE_ABOVE: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const CENTRE_BELOW: [f64; 6] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
        1.0,
    ];
    const TAIL_ABOVE: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const TAIL_BELOW: [f64; 5] = [
        7.784_695_709_041_462e-3,
        3.224_671_290_700_398e-1,
        2.445_134_137_142_996,
        3.754_408_661_907_416,
        1.0,
    ];
    const TAIL: f64 = 0.02425;
    if probability < TAIL {
        let root = (-2.0 * probability.ln()).sqrt();
        return polynomial(&TAIL_ABOVE, root) / polynomial(&TAIL_BELOW, root);
    }
    let centred = probability - 0.5;
    let square = centred * centred;
    polynomial(&CENTRE_ABOVE, square) * centred / polynomial(&CENTRE_BELOW, square)
}

/// The number between `lower` and `upper` that has this share of their probability below it.
pub(crate) fn quantile_between(lower: f64, upper: f64, share: f64) -> f64 {
    if lower > 0.0 {
        return -quantile_between(-upper, -lower, 1.0 - share); // The lower tail has more digits.
    }
    let (below, above) = (cdf(lower), cdf(upper));
    if above - below <= f64::MIN_POSITIVE {
        return upper.min(0.0); // So far out that all of it is at the near end.
    }
    quantile(below + share * (above - below)).clamp(lower, upper)
}

/// Horner's scheme; the highest power's coefficient is first.
fn polynomial(coefficients: &[f64], variable: f64) -> f64 {
    coefficients.iter().fold(0.0, |sum, coefficient| sum * variable + coefficient)
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
    fn probabilities_are_those_of_the_tables() {
        // Abramowitz and Stegun, "Handbook of Mathematical Functions", tables 26.1 and 26.2.
        let known = [
            (0.0, 0.5),
            (1.0, 0.841_344_746_068_543),
            (1.96, 0.975_002_104_851_780),
            (-3.0, 1.349_898_031_630_1e-3),
            (-5.0, 2.866_515_718_79e-7),
            (-10.0, 7.619_853_024e-24),
        ];
        for (number, probability) in known {
            assert!((cdf(number) / probability - 1.0).abs() < 1e-8, "{number}: {}", cdf(number));
        }
    }

    #[test]
    fn the_quantile_undoes_the_probability() {
        for number in [-30.0, -8.0, -3.0, -1.9, -0.1, 0.0, 0.7, 2.0, 5.0] {
            let back = quantile(cdf(number));
            assert!((back - number).abs() < 1e-8, "{number}: {back}");
        }
        assert!((quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-12);
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
