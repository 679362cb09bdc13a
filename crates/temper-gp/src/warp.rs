//! Outputs as a Gaussian process likes them: of mean zero and variance one, without outliers.

use crate::normal::quantile;

/// Keeps the better half of the outputs (lower is better) and gives the worse half the place that
/// its ranks would have under a normal distribution as wide as the better half. A diverged loss
/// then counts as worst, however large it is.
///
/// Song et al. 2024, "The Vizier Gaussian Process Bandit Algorithm", section on half-rank warping.
/// Order is kept; ties stay ties.
pub fn half_rank(outputs: &[f64]) -> Vec<f64> {
    let len = outputs.len();
    let mut order: Vec<usize> = (0..len).collect();
    order.sort_by(|a, b| outputs[*a].total_cmp(&outputs[*b]));
    let Some(&middle) = order.get(len.saturating_sub(1) / 2) else {
        return Vec::new();
    };
    let median = outputs[middle];
    let better: Vec<f64> = outputs.iter().filter(|y| **y <= median).copied().collect();
    let square: f64 = better.iter().map(|y| (y - median) * (y - median)).sum();
    let mut deviation = (square / better.len() as f64).sqrt();
    if !(deviation > 0.0 && deviation.is_finite()) {
        // All of the better half are equal (or their range overflows): any width will do.
        let spread = outputs.iter().fold(0.0, |most: f64, y| most.max((y - median).abs()));
        deviation = if spread > 0.0 { spread.min(1.0) } else { return outputs.to_vec() };
    }
    let mut warped = outputs.to_vec();
    let mut start = 0;
    while start < len {
        let value = outputs[order[start]];
        let end = start + order[start..].iter().take_while(|i| outputs[**i] == value).count();
        if value > median {
            // The middle of the ranks of those that are equal.
            let rank = 0.5 * (start + end) as f64;
            let place = median + deviation * quantile(rank / len as f64);
            order[start..end].iter().for_each(|i| warped[*i] = place);
        }
        start = end;
    }
    warped
}

/// Shifts and scales outputs to mean 0 and variance 1; outputs that are all equal become 0.
pub fn standardise(outputs: &[f64]) -> Vec<f64> {
    let Moments { unit, mean, deviation } = Moments::of(outputs);
    if deviation == 0.0 {
        return vec![0.0; outputs.len()];
    }
    outputs.iter().map(|y| (y / unit - mean) / deviation).collect()
}

/// The standard deviation of the outputs, as of a whole population; 0 of those that are all equal.
/// It is what [`standardise`] divides by.
pub fn deviation(outputs: &[f64]) -> f64 {
    let Moments { unit, deviation, .. } = Moments::of(outputs);
    deviation * unit
}

/// The mean and the standard deviation of outputs, both in a unit of theirs.
struct Moments {
    unit: f64,
    mean: f64,
    deviation: f64,
}

impl Moments {
    fn of(outputs: &[f64]) -> Self {
        let len = outputs.len().max(1) as f64;
        // Scaled first, so that squares of huge numbers don't overflow.
        let largest = outputs.iter().fold(0.0, |most: f64, y| most.max(y.abs()));
        let unit = if largest > 0.0 { largest } else { 1.0 };
        let mean = outputs.iter().map(|y| y / unit).sum::<f64>() / len;
        let square = |y: &f64| (y / unit - mean) * (y / unit - mean);
        let deviation = (outputs.iter().map(square).sum::<f64>() / len).sqrt();
        // Differences of a few roundings are none.
        let deviation = if deviation <= 8.0 * f64::EPSILON { 0.0 } else { deviation };
        Self { unit, mean, deviation }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_kept_and_outliers_come_near() {
        let outputs = [3.0, 1.0, 2.0, 1e300, 2.5, 1.5, 50.0, f64::MAX];
        let warped = half_rank(&outputs);
        for (i, j) in (0..8).flat_map(|i| (0..8).map(move |j| (i, j))) {
            let before = outputs[i].total_cmp(&outputs[j]);
            assert_eq!(before, warped[i].total_cmp(&warped[j]), "{warped:?}");
        }
        assert_eq!(warped[1], 1.0);
        assert!(warped[7] < 10.0, "{warped:?}");
    }

    #[test]
    fn equal_outputs_stay_equal_and_become_zero() {
        assert_eq!(half_rank(&[2.0; 5]), [2.0; 5]);
        assert_eq!(standardise(&[2.0; 5]), [0.0; 5]);
        assert_eq!(standardise(&half_rank(&[])), [0.0; 0]);
        let warped = half_rank(&[1.0, 1.0, 1.0, 1.0, 9.0]);
        assert!(warped[4] > 1.0 && warped[4].is_finite());
    }

    #[test]
    fn huge_outputs_are_standardised() {
        let standard = standardise(&[1e300, -1e300, 0.0]);
        assert!((standard[0] - 1.5_f64.sqrt()).abs() < 1e-12, "{standard:?}");
    }

    #[test]
    fn the_deviation_is_that_of_the_population_and_roundings_are_none() {
        assert_eq!(deviation(&[1.0, 5.0, 1.0, 5.0]), 2.0);
        assert_eq!(deviation(&[0.3, 0.1 + 0.2]), 0.0);
        assert_eq!(deviation(&[]), 0.0);
        let huge = deviation(&[1e300, -1e300]);
        assert!((huge / 1e300 - 1.0).abs() < 1e-12, "{huge}");
    }
}
