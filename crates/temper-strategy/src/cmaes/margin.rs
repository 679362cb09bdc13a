//! The margin: every discrete parameter keeps a chance to change.
//!
//! Without it the distribution shrinks into one level of an integer and stays there. Source: Hamano
//! et al., "CMA-ES with Margin: Lower-Bounding Marginal Probability for Mixed-Integer Black-Box
//! Optimization", GECCO 2022, arXiv:2205.13482.

use temper_gp::normal::{distribution, quantile};

use super::gaussian::Gaussian;

/// Corrects the mean and the scale of one parameter, so that leaving the level of the mean,
/// (`lower`, `upper`), has at least the probability `alpha`: at an end of the range through its one
/// edge, otherwise half of it through either.
pub(super) fn keep_margin(gaussian: &mut Gaussian, axis: usize, level: (f64, f64), alpha: f64) {
    let (lower, upper) = level;
    let spread = gaussian.spread(axis);
    let mean = &mut gaussian.mean[axis];
    match (lower > 0.0, upper < 1.0) {
        (false, false) => {}
        // The mean moves to where the tail is alpha.
        (false, true) => *mean = mean.max(upper - quantile(1.0 - alpha) * spread),
        (true, false) => *mean = mean.min(lower + quantile(1.0 - alpha) * spread),
        (true, true) => {
            let below = distribution((lower - *mean) / spread);
            let above = distribution((*mean - upper) / spread);
            if below >= alpha / 2.0 && above >= alpha / 2.0 {
                return;
            }
            let (below, above) = corrected(below, above, alpha);
            // The mean and the scale at which both tails are these.
            let (down, up) = (quantile(1.0 - below), quantile(1.0 - above));
            *mean = (lower * up + upper * down) / (down + up);
            let wanted = (upper - lower) / (down + up);
            gaussian.scales[axis] *= wanted / spread.max(f64::MIN_POSITIVE);
        }
    }
}

/// Both tails, at least `alpha / 2` each; what that adds is taken from the larger one and from the
/// middle.
fn corrected(below: f64, above: f64, alpha: f64) -> (f64, f64) {
    let middle = (1.0 - below - above).max(0.0);
    let (low, high) = (below.max(alpha / 2.0), above.max(alpha / 2.0));
    let excess = 1.0 - low - high - middle;
    let room = low + high + middle - 1.5 * alpha;
    let part = |tail: f64| (tail + excess / room * (tail - alpha / 2.0)).clamp(alpha / 2.0, 0.499);
    (part(low), part(high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_margin_is_kept_on_both_sides() {
        for (mean, sigma) in [(0.5, 1e-9), (0.41, 1e-3), (0.5, 0.3), (0.599, 1e-2)] {
            let mut gaussian = Gaussian::new(vec![mean], sigma);
            keep_margin(&mut gaussian, 0, (0.4, 0.6), 0.1);
            let (mean, spread) = (gaussian.mean[0], gaussian.spread(0));
            let (below, above) =
                (distribution((0.4 - mean) / spread), 1.0 - distribution((0.6 - mean) / spread));
            assert!((0.4..=0.6).contains(&mean), "{mean}");
            assert!(below > 0.0499 && above > 0.0499, "{below} {above}");
        }
    }

    #[test]
    fn the_margin_is_kept_at_the_ends() {
        for (level, mean) in [((0.0, 0.2), -3.0), ((0.8, 1.0), 1.5)] {
            let mut gaussian = Gaussian::new(vec![mean], 0.01);
            keep_margin(&mut gaussian, 0, level, 0.1);
            let edge = if level.0 > 0.0 { level.0 } else { level.1 };
            let stays = distribution((edge - gaussian.mean[0]).abs() / 0.01);
            assert!((stays - 0.9).abs() < 1e-9, "{stays}");
        }
    }

    #[test]
    fn a_wide_distribution_is_left_alone() {
        let mut gaussian = Gaussian::new(vec![0.45], 0.3);
        keep_margin(&mut gaussian, 0, (0.4, 0.6), 0.1);
        assert_eq!((gaussian.mean[0], gaussian.scales[0]), (0.45, 1.0));
    }
}
