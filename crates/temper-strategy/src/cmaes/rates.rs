//! The constants that follow from the numbers of parameters and samples.

/// Weights and learning rates for `n` parameters and `lambda` samples.
///
/// Source: Hansen, "The CMA Evolution Strategy: A Tutorial", arXiv:1604.00772, 2016, table 1. The
/// names are the table's.
#[derive(Clone, Debug)]
pub(super) struct Rates {
    /// Samples of a generation.
    pub(super) lambda: usize,
    /// Samples that the mean is made of.
    pub(super) mu: usize,
    /// `lambda`, best first: the first `mu` sum to 1, the rest are negative.
    pub(super) weights: Vec<f64>,
    pub(super) mu_eff: f64,
    pub(super) c_sigma: f64,
    pub(super) d_sigma: f64,
    pub(super) c_c: f64,
    pub(super) c_1: f64,
    pub(super) c_mu: f64,
    /// The mean length of a standard normal vector.
    pub(super) chi_n: f64,
}

impl Rates {
    /// The number of samples by default: equation 48.
    pub(super) fn samples(dims: usize) -> usize {
        4 + (3.0 * (dims.max(1) as f64).ln()).floor() as usize
    }

    pub(super) fn new(dims: usize, lambda: usize) -> Self {
        let n = dims.max(1) as f64;
        let lambda = lambda.max(4);
        let mu = lambda / 2;
        let raw: Vec<f64> = (1..=lambda)
            .map(|i| (lambda as f64 + 1.0).ln() - 2f64.ln() - (i as f64).ln())
            .collect();
        let (better, worse) = raw.split_at(mu);
        let (mu_eff, mu_eff_minus) = (effective(better), effective(worse));

        let c_sigma = (mu_eff + 2.0) / (n + mu_eff + 5.0);
        let d_sigma = 1.0 + 2.0 * (((mu_eff - 1.0) / (n + 1.0)).sqrt() - 1.0).max(0.0) + c_sigma;
        let c_c = (4.0 + mu_eff / n) / (n + 4.0 + 2.0 * mu_eff / n);
        let c_1 = 2.0 / ((n + 1.3).powi(2) + mu_eff);
        let rank_mu = 2.0 * (0.25 + mu_eff + 1.0 / mu_eff - 2.0) / ((n + 2.0).powi(2) + mu_eff);
        let c_mu = rank_mu.min(1.0 - c_1);

        let negative = (1.0 + c_1 / c_mu)
            .min(1.0 + 2.0 * mu_eff_minus / (mu_eff + 2.0))
            .min((1.0 - c_1 - c_mu) / (n * c_mu));
        let total = |weights: &[f64]| weights.iter().map(|weight| weight.abs()).sum::<f64>();
        let (positive_sum, negative_sum) = (better.iter().sum::<f64>(), total(worse));
        let scaled = |weight: &f64| {
            if *weight >= 0.0 { weight / positive_sum } else { negative * weight / negative_sum }
        };
        Self {
            lambda,
            mu,
            weights: raw.iter().map(scaled).collect(),
            mu_eff,
            c_sigma,
            d_sigma,
            c_c,
            c_1,
            c_mu,
            chi_n: n.sqrt() * (1.0 - 1.0 / (4.0 * n) + 1.0 / (21.0 * n * n)),
        }
    }
}

/// How many equal weights would have the same variance: equation 8.
fn effective(weights: &[f64]) -> f64 {
    let sum: f64 = weights.iter().sum();
    sum * sum / weights.iter().map(|weight| weight * weight).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_sum_to_one_and_the_decay_of_the_covariance_stays_positive() {
        for dims in [0, 1, 2, 10, 60, 300] {
            for lambda in [4, 5, Rates::samples(dims), 1000] {
                let rates = Rates::new(dims, lambda);
                let positive: f64 = rates.weights[..rates.mu].iter().sum();
                assert!((positive - 1.0).abs() < 1e-12);
                assert!(rates.weights.is_sorted_by(|one, other| one >= other));
                let all: f64 = rates.weights.iter().sum();
                // Zero where a generation is so large that nothing old is kept.
                assert!(1.0 - rates.c_1 - rates.c_mu * all > -1e-12, "{dims} {lambda}");
                assert!(rates.c_1 + rates.c_mu <= 1.0);
            }
        }
    }

    #[test]
    fn the_values_for_ten_dimensions_are_those_of_the_table() {
        // Ten samples; their weights are ln(5.5 / i), whose mu_eff is 13.960 / 4.4073.
        let rates = Rates::new(10, Rates::samples(10));
        assert_eq!((rates.lambda, rates.mu), (10, 5));
        assert!((rates.mu_eff - 3.1674).abs() < 1e-3, "{}", rates.mu_eff);
    }
}
