//! Children of one or two parents.

use rand::RngExt;
use temper_core::Rng;
use temper_space::Space;

use crate::evidence::Lesson;

/// A child of two parents: choices from either of them, numbers from either of them or, as often,
/// by simulated binary crossover with the distribution index `eta`. With the same parent twice it
/// is that parent's copy.
///
/// A parameter that one parent does not have comes from the other one; if neither has it, it is
/// drawn, for then it stands in the way of nothing learned.
///
/// Returns `dims`.
pub(crate) fn cross(
    space: &Space,
    [one, other]: [&Lesson; 2],
    eta: f64,
    rng: &mut Rng,
) -> Vec<f64> {
    let mut gene = |axis: usize, is_ordered: bool| {
        let (first, second) = (one.point[axis], other.point[axis]);
        // Drawn in any case, so that the draws of one parameter don't depend on another.
        let (blend, side, spread): (f64, bool, f64) = (rng.random(), rng.random(), rng.random());
        match (one.active[axis], other.active[axis]) {
            (false, false) => spread,
            (true, false) => first,
            (false, true) => second,
            (true, true) if is_ordered && blend < 0.5 => {
                let (low, high) =
                    simulated_binary(first.min(second), first.max(second), eta, spread);
                if side { low } else { high }
            }
            (true, true) => {
                if side {
                    first
                } else {
                    second
                }
            }
        }
    };
    space.axes().enumerate().map(|(axis, param)| gene(axis, param.domain().is_ordered())).collect()
}

/// The two children of `low <= high` in the unit interval, at the quantile `draw` of the spread.
///
/// Source: Deb and Agrawal, "Simulated Binary Crossover for Continuous Search Space", Complex
/// Systems 9, 1995, equations 8 and 9; cut off at the bounds as in Deb's code of NSGA-II.
fn simulated_binary(low: f64, high: f64, eta: f64, draw: f64) -> (f64, f64) {
    let gap = high - low;
    if gap < 1e-12 {
        return (low, high); // Below the resolution of any scale; the quotient would overflow.
    }
    // The share of the spread, as a multiple of the gap, that leaves `room` up to the bound.
    let spread = |room: f64| {
        let furthest = 1.0 + 2.0 * room / gap;
        let alpha = 2.0 - furthest.powf(-(eta + 1.0));
        let ratio = draw * alpha;
        let ratio = if ratio <= 1.0 { ratio } else { 1.0 / (2.0 - ratio) };
        ratio.powf(1.0 / (eta + 1.0))
    };
    let middle = f64::midpoint(low, high);
    let child = |offset: f64| (middle + offset / 2.0).clamp(0.0, 1.0);
    (child(-spread(low) * gap), child(spread(1.0 - high) * gap))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_stay_inside_and_have_the_middle_of_their_parents() {
        let mut rng = temper_core::stream(7, 0);
        let (mut sum, mut beyond) = (0.0, 0);
        for _ in 0..10_000 {
            let (low, high) = simulated_binary(0.4, 0.6, 2.0, rng.random());
            assert!((0.0..=1.0).contains(&low) && low <= high && high <= 1.0);
            sum += low + high;
            beyond += u32::from(low < 0.4);
        }
        // Symmetric bounds: both spreads are equal, and so the middle is exact.
        assert!((sum / 2e4 - 0.5).abs() < 1e-9);
        // Half of the children are contracting (equation 8), half are expanding (equation 9); the
        // standard deviation of the count is 50, and the bounds take away a hundredth.
        assert!((4700..5300).contains(&beyond), "{beyond}");
    }

    #[test]
    fn extreme_parents_have_finite_children() {
        for (low, high) in [(0.0, 1.0), (0.0, 1e-13), (0.0, 1e-9), (0.5, 0.5), (1.0, 1.0)] {
            for draw in [0.0, 0.5, 1.0 - f64::EPSILON] {
                let (one, other) = simulated_binary(low, high, 20.0, draw);
                assert!((0.0..=1.0).contains(&one) && (0.0..=1.0).contains(&other));
            }
        }
    }
}
