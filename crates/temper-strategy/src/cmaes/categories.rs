//! The distributions of the choices, and how they learn.
//!
//! Source: Hamano et al., "`CatCMA`: Stochastic Optimization for Mixed-Category Problems", GECCO
//! 2024, arXiv:2405.09962; its step size is that of Akimoto et al., "Adaptive Stochastic Natural Gradient
//! Method for One-Shot Neural Architecture Search", ICML 2019, algorithm 1.

use rand::RngExt;
use temper_core::Rng;

/// How much of the gradient's path must be signal for the step to grow: Akimoto et al. 2019.
const SIGNAL: f64 = 1.5;

/// A choice is made if its other values together have no more than so many times what they keep.
const DECIDED: f64 = 1.2;

/// Independent categorical distributions, one for each choice.
#[derive(Clone, Debug)]
pub(super) struct Categories {
    /// For each choice, the probabilities of its values.
    probabilities: Vec<Vec<f64>>,
    /// For each choice, what no probability falls below.
    least: Vec<f64>,
    /// The gradients' path, one coordinate for each free probability.
    path: Vec<f64>,
    path_weight: f64,
    /// The inverse of the step size.
    caution: f64,
}

impl Categories {
    /// Uniform ones, of choices with so many values each.
    pub(super) fn new(levels: &[usize]) -> Self {
        // The margin of Hamano et al. 2024: at its least, 0.27 of the samples differ in some choice.
        let against = 1.0 - 0.73f64.powf(1.0 / levels.len().max(1) as f64);
        let free = levels.iter().map(|levels| levels.saturating_sub(1)).sum();
        Self {
            probabilities: levels.iter().map(|&n| vec![1.0 / n as f64; n]).collect(),
            least: levels.iter().map(|&n| against / n.saturating_sub(1).max(1) as f64).collect(),
            path: vec![0.0; free],
            path_weight: 0.0,
            caution: 1.0,
        }
    }

    /// The index of a value for each choice.
    pub(super) fn sample(&self, rng: &mut Rng) -> Vec<usize> {
        let mut draw = |probabilities: &Vec<f64>| {
            let mut left: f64 = rng.random();
            let is_it = |probability: &f64| {
                left -= probability;
                left < 0.0
            };
            probabilities.iter().position(is_it).unwrap_or(probabilities.len() - 1)
        };
        self.probabilities.iter().map(&mut draw).collect()
    }

    /// Whether every choice is as good as made.
    pub(super) fn is_decided(&self) -> bool {
        self.probabilities.iter().zip(&self.least).all(|(probabilities, least)| {
            let most = probabilities.iter().copied().fold(0.0, f64::max);
            most >= 1.0 - DECIDED * least * (probabilities.len() - 1) as f64
        })
    }

    /// Learns from the better half of a generation, best first: `weights` sum to 1, and each of
    /// `samples` has the index of a value for each choice, `None` where the choice is inactive.
    pub(super) fn learn(&mut self, samples: &[Vec<Option<usize>>], weights: &[f64]) {
        if self.path.is_empty() {
            return;
        }
        let gradients: Vec<Vec<f64>> =
            (0..self.probabilities.len()).map(|c| self.gradient(c, samples, weights)).collect();
        let whitened: Vec<f64> = self
            .probabilities
            .iter()
            .zip(&gradients)
            .flat_map(|(probabilities, gradient)| whitened(probabilities, gradient))
            .collect();
        let length = whitened.iter().map(|x| x * x).sum::<f64>().sqrt();
        if length < 1e-12 {
            return; // As when every choice is inactive: there is no direction to go.
        }
        let step = 1.0 / self.caution;
        for (choice, gradient) in gradients.iter().enumerate() {
            for (probability, slope) in self.probabilities[choice].iter_mut().zip(gradient) {
                *probability += step / length * slope;
            }
            keep_least(&mut self.probabilities[choice], self.least[choice]);
        }
        self.adapt(step, &whitened, length);
    }

    /// The natural gradient of one choice: the weighted mean of what was drawn, less what was
    /// expected: Akimoto et al. 2019, section 4.
    fn gradient(&self, choice: usize, samples: &[Vec<Option<usize>>], weights: &[f64]) -> Vec<f64> {
        let mut gradient = vec![0.0; self.probabilities[choice].len()];
        for (sample, weight) in samples.iter().zip(weights) {
            if let Some(value) = sample[choice] {
                gradient[value] += weight;
                for (slope, probability) in gradient.iter_mut().zip(&self.probabilities[choice]) {
                    *slope -= weight * probability;
                }
            }
        }
        gradient
    }

    /// A longer step while the gradients agree, a shorter one while they don't: Akimoto et al. 2019,
    /// algorithm 1, lines 7 to 10.
    fn adapt(&mut self, step: f64, whitened: &[f64], length: f64) {
        let rate = step / (self.path.len() as f64).sqrt();
        let gain = (rate * (2.0 - rate)).max(0.0);
        for (path, slope) in self.path.iter_mut().zip(whitened) {
            *path = (1.0 - rate) * *path + gain.sqrt() * slope / length;
        }
        self.path_weight = (1.0 - rate).powi(2) * self.path_weight + gain;
        let signal: f64 = self.path.iter().map(|x| x * x).sum();
        // At least 1, where the paper sets no bound: a longer step leaves the simplex.
        self.caution =
            (self.caution * (rate * (self.path_weight - signal / SIGNAL)).exp()).clamp(1.0, 1e9);
    }
}

/// The gradient (all values) times a root of the Fisher information of the free probabilities (all
/// but the last): Akimoto et al. 2019, appendix B.
fn whitened(probabilities: &[f64], gradient: &[f64]) -> Vec<f64> {
    let Some((last, free)) = probabilities.split_last() else {
        return Vec::new();
    };
    let total: f64 = gradient[..free.len()].iter().sum::<f64>() / (last + last.sqrt());
    free.iter().zip(gradient).map(|(p, slope)| slope / p.sqrt() + total * p.sqrt()).collect()
}

/// Raises every probability to `least` and takes what that adds from those above it: the margin
/// correction of Hamano et al. 2024.
fn keep_least(probabilities: &mut [f64], least: f64) {
    probabilities.iter_mut().for_each(|probability| *probability = probability.max(least));
    let sum: f64 = probabilities.iter().sum();
    let above = sum - least * probabilities.len() as f64;
    if above > 0.0 {
        let excess = (sum - 1.0) / above;
        probabilities.iter_mut().for_each(|p| *p -= excess * (*p - least));
    }
}

#[cfg(test)]
mod tests {
    use temper_core::stream;

    use super::*;

    #[test]
    fn the_right_values_are_learned() {
        // Four choices of five values, of which value 3 is right.
        let mut categories = Categories::new(&[5; 4]);
        let mut rng = stream(7, 0);
        for _ in 0..300 {
            let mut samples: Vec<_> = (0..8).map(|_| categories.sample(&mut rng)).collect();
            samples.sort_by_key(|sample| sample.iter().filter(|value| **value != 3).count());
            let better: Vec<Vec<_>> =
                samples[..4].iter().map(|s| s.iter().copied().map(Some).collect()).collect();
            categories.learn(&better, &[0.4, 0.3, 0.2, 0.1]);
            for (probabilities, least) in categories.probabilities.iter().zip(&categories.least) {
                assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-9);
                assert!(probabilities.iter().all(|p| *p >= least - 1e-12));
            }
        }
        assert!(categories.probabilities.iter().all(|p| p[3] > 0.8), "{categories:?}");
    }

    #[test]
    fn inactive_choices_stay_as_they_are() {
        let mut categories = Categories::new(&[3, 1]);
        categories.learn(&[vec![None, Some(0)]], &[1.0]);
        assert_eq!(categories.probabilities, Categories::new(&[3, 1]).probabilities);
    }

    #[test]
    fn the_whitened_gradient_has_the_length_that_the_fisher_information_gives() {
        let (probabilities, gradient) = ([0.2, 0.5, 0.3], [0.1, -0.3, 0.2]);
        let length: f64 = whitened(&probabilities, &gradient).iter().map(|x| x * x).sum();
        let fisher: f64 = probabilities.iter().zip(gradient).map(|(p, g)| g * g / p).sum();
        assert!((length - fisher).abs() < 1e-12);
    }
}
