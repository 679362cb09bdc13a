//! The normal distribution of the numeric parameters, and how it learns.
//!
//! | symbol | shape | what it is |
//! |---|---|---|
//! | `mean` | n | where samples are centred |
//! | `sigma` | | the step size, in units of the cube |
//! | `covariance` | n x n, row-major | C, of the steps without `sigma` |
//! | `basis`, `lengths` | n x n, n | B and D: C = B D^2 B' |
//! | `path_sigma`, `path_c` | n | the paths of the mean |
//! | `scales` | n | A, the diagonal by which the margin widens discrete parameters |
//!
//! A sample is `mean + sigma A y`, where the step `y` is from N(0, C). The mean moves by the same
//! `sigma A`: a parameter whose level was left follows at the pace at which it was made to leave.
//!
//! Source: Hansen, "The CMA Evolution Strategy: A Tutorial", arXiv:1604.00772, 2016; `scales`:
//! Hamano et al., "CMA-ES with Margin", GECCO 2022, arXiv:2205.13482.

use temper_core::Rng;

use crate::normal::draw_normal;

use super::eigen::eigen;
use super::rates::Rates;

/// The ratio of eigenvalues at which the covariance is degenerate: appendix B.3, `ConditionCov`.
const WORST_CONDITION: f64 = 1e14;

/// The longest axis of the distribution, in cubes. Wider ones cover the cube no better.
const WIDEST: f64 = 1.0;

/// The same when it is shortest: places in the cube are not told apart much below.
const NARROWEST: f64 = 1e-12;

#[derive(Clone, Debug)]
pub(super) struct Gaussian {
    pub(super) mean: Vec<f64>,
    pub(super) sigma: f64,
    pub(super) scales: Vec<f64>,
    covariance: Vec<f64>,
    basis: Vec<f64>,
    lengths: Vec<f64>,
    path_sigma: Vec<f64>,
    path_c: Vec<f64>,
    generations: i32,
    is_degenerate: bool,
}

impl Gaussian {
    /// A round one.
    pub(super) fn new(mean: Vec<f64>, sigma: f64) -> Self {
        let n = mean.len();
        let unit: Vec<f64> = (0..n * n).map(|index| f64::from(index % (n + 1) == 0)).collect();
        Self {
            sigma,
            scales: vec![1.0; n],
            covariance: unit.clone(),
            basis: unit,
            lengths: vec![1.0; n],
            path_sigma: vec![0.0; n],
            path_c: vec![0.0; n],
            generations: 0,
            is_degenerate: false,
            mean,
        }
    }

    /// A sample, `n`; it may lie outside the cube.
    pub(super) fn sample(&self, rng: &mut Rng) -> Vec<f64> {
        let stretched: Vec<f64> =
            self.lengths.iter().map(|length| length * draw_normal(rng)).collect();
        let step = |axis: usize| dot(self.row(axis), &stretched);
        (0..self.mean.len())
            .map(|axis| self.mean[axis] + self.sigma * self.scales[axis] * step(axis))
            .collect()
    }

    /// The step `y` to a coordinate of a sample.
    pub(super) fn step(&self, axis: usize, coordinate: f64) -> f64 {
        (coordinate - self.mean[axis]) / (self.sigma * self.scales[axis])
    }

    /// The standard deviation of a coordinate of the steps: `sqrt(C_jj)`.
    pub(super) fn deviation(&self, axis: usize) -> f64 {
        self.covariance[axis * self.mean.len() + axis].max(f64::MIN_POSITIVE).sqrt()
    }

    /// The standard deviation of a parameter, in units of the cube.
    pub(super) fn spread(&self, axis: usize) -> f64 {
        self.sigma * self.scales[axis] * self.deviation(axis)
    }

    /// Whether the covariance can be learned from no more.
    pub(super) fn is_degenerate(&self) -> bool {
        self.is_degenerate
    }

    /// Shortens a step that is not from this distribution: of a worker that started long ago, or of
    /// a point that was drawn otherwise. After Hansen, "Injecting External Solutions Into CMA-ES",
    /// arXiv:1110.4181, 2011, with a bound that is four standard deviations above the
    /// mean length, so that samples of this distribution stay as they are.
    pub(super) fn shortened(&self, mut step: Vec<f64>) -> Vec<f64> {
        let longest = (step.len() as f64).sqrt() + 3.0;
        let length = norm(&self.whitened(&step));
        if length > longest {
            step.iter_mut().for_each(|coordinate| *coordinate *= longest / length);
        }
        step
    }

    /// Learns from the steps of a generation (`lambda x n`, best first): section 3, figure 6.
    pub(super) fn learn(&mut self, steps: &[Vec<f64>], rates: &Rates) {
        let n = self.mean.len();
        if n == 0 {
            return;
        }
        self.generations += 1;
        let weighted = |axis: usize| -> f64 {
            rates.weights.iter().zip(steps).take(rates.mu).map(|(w, step)| w * step[axis]).sum()
        };
        let mean_step: Vec<f64> = (0..n).map(weighted).collect();
        for (axis, step) in mean_step.iter().enumerate() {
            self.mean[axis] += self.sigma * self.scales[axis] * step; // equation 42
        }

        let keep = 1.0 - rates.c_sigma;
        let gain = (rates.c_sigma * (2.0 - rates.c_sigma) * rates.mu_eff).sqrt();
        let whitened = self.whitened(&mean_step);
        mix(&mut self.path_sigma, keep, gain, &whitened); // equation 43
        let ratio = norm(&self.path_sigma) / rates.chi_n;
        // Not above 1, as in Hansen 2011: an outlier must not blow up the step size.
        let growth = (rates.c_sigma / rates.d_sigma * (ratio - 1.0)).min(1.0); // equation 44

        let started = (1.0 - keep.powi(2 * self.generations)).sqrt();
        let is_calm = ratio / started < 1.4 + 2.0 / (n as f64 + 1.0);
        let gain = (rates.c_c * (2.0 - rates.c_c) * rates.mu_eff).sqrt();
        mix(&mut self.path_c, 1.0 - rates.c_c, if is_calm { gain } else { 0.0 }, &mean_step); // 45

        self.learn_covariance(steps, rates, is_calm);
        self.sigma *= growth.exp();
        self.refresh();
    }

    /// Widens the step size, for nothing told the samples apart: appendix B.4, flat fitness.
    pub(super) fn widen(&mut self, rates: &Rates) {
        self.sigma *= (0.2 + rates.c_sigma / rates.d_sigma).exp();
        self.bound_width();
    }

    /// Equations 46 and 47.
    fn learn_covariance(&mut self, steps: &[Vec<f64>], rates: &Rates, is_calm: bool) {
        let n = self.mean.len();
        let lost = if is_calm { 0.0 } else { rates.c_c * (2.0 - rates.c_c) };
        let total: f64 = rates.weights.iter().sum();
        let keep = 1.0 + rates.c_1 * lost - rates.c_1 - rates.c_mu * total;
        let weight = |weight: f64, step: &[f64]| {
            let square = norm(&self.whitened(step)).powi(2).max(f64::MIN_POSITIVE);
            rates.c_mu * if weight >= 0.0 { weight } else { weight * n as f64 / square.max(1e-8) }
        };
        let weights: Vec<f64> =
            rates.weights.iter().zip(steps).map(|(w, step)| weight(*w, step)).collect();
        for row in 0..n {
            for column in 0..=row {
                let outer = |step: &[f64]| step[row] * step[column];
                let learned: f64 =
                    weights.iter().zip(steps).map(|(weight, step)| weight * outer(step)).sum();
                let old = self.covariance[row * n + column];
                let new = keep * old + rates.c_1 * outer(&self.path_c) + learned;
                self.covariance[row * n + column] = new;
                self.covariance[column * n + row] = new;
            }
        }
    }

    /// Finds the axes of the new covariance; where there are none it is degenerate.
    fn refresh(&mut self) {
        let n = self.mean.len();
        let axes = eigen(&self.covariance, n)
            .filter(|(_, values)| values[0] > 0.0 && values[n - 1] < WORST_CONDITION * values[0]);
        let Some((basis, values)) = axes else {
            self.is_degenerate = true;
            return;
        };
        self.basis = basis;
        self.lengths = values.iter().map(|value| value.sqrt()).collect();
        self.bound_width();
    }

    fn bound_width(&mut self) {
        let longest = self.lengths.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        self.sigma = self.sigma.clamp(NARROWEST / longest, WIDEST / longest);
    }

    /// C^(-1/2) y = B D^-1 B' y.
    fn whitened(&self, step: &[f64]) -> Vec<f64> {
        let n = step.len();
        let mut turned = vec![0.0; n];
        for (axis, coordinate) in step.iter().enumerate() {
            for (sum, element) in turned.iter_mut().zip(self.row(axis)) {
                *sum += element * coordinate;
            }
        }
        for (coordinate, length) in turned.iter_mut().zip(&self.lengths) {
            *coordinate /= length;
        }
        (0..n).map(|axis| dot(self.row(axis), &turned)).collect()
    }

    fn row(&self, axis: usize) -> &[f64] {
        let n = self.mean.len();
        &self.basis[axis * n..(axis + 1) * n]
    }
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

fn norm(vector: &[f64]) -> f64 {
    dot(vector, vector).sqrt()
}

fn mix(path: &mut [f64], keep: f64, gain: f64, step: &[f64]) {
    for (path, step) in path.iter_mut().zip(step) {
        *path = keep * *path + gain * step;
    }
}

#[cfg(test)]
mod tests {
    use temper_core::stream;

    use super::*;

    #[test]
    fn an_ellipsoid_is_learned() {
        // Curvatures of 1 to 1e6. The steps that a round distribution needs grow with that ratio:
        // 4,000 evaluations are enough only if it is learned.
        let loss = |x: &[f64]| -> f64 {
            x.iter().enumerate().map(|(i, x)| 10f64.powf(1.5 * i as f64) * (x - 0.3).powi(2)).sum()
        };
        let rates = Rates::new(5, Rates::samples(5));
        let mut gaussian = Gaussian::new(vec![0.5; 5], 0.3);
        let mut rng = stream(7, 0);
        for _ in 0..4000 / rates.lambda {
            let mut samples: Vec<_> =
                (0..rates.lambda).map(|_| gaussian.sample(&mut rng)).collect();
            samples.sort_by(|one, other| loss(one).total_cmp(&loss(other)));
            let step = |sample: &Vec<f64>| {
                sample.iter().enumerate().map(|(axis, x)| gaussian.step(axis, *x)).collect()
            };
            let steps: Vec<Vec<f64>> = samples.iter().map(step).collect();
            gaussian.learn(&steps, &rates);
        }
        assert!(loss(&gaussian.mean) < 1e-9, "{}", loss(&gaussian.mean));
    }

    #[test]
    fn whitening_undoes_the_covariance_of_samples() {
        let rates = Rates::new(3, 12);
        let mut gaussian = Gaussian::new(vec![0.5; 3], 0.3);
        let mut rng = stream(8, 0);
        for generation in 0..20 {
            let steps: Vec<Vec<f64>> = (0..12)
                .map(|_| {
                    (0..3)
                        .map(|axis| draw_normal(&mut rng) * f64::from(axis + 1 + generation % 2))
                        .collect()
                })
                .collect();
            gaussian.learn(&steps, &rates);
        }
        let squares: f64 = (0..4000)
            .map(|_| gaussian.sample(&mut rng))
            .map(|x| (0..3).map(|axis| gaussian.step(axis, x[axis])).collect::<Vec<_>>())
            .map(|step| norm(&gaussian.whitened(&step)).powi(2))
            .sum();
        // Chi-square with 3 degrees of freedom: mean 3, standard error of the mean 0.039.
        assert!((squares / 4000.0 - 3.0).abs() < 0.2, "{}", squares / 4000.0);
    }

    #[test]
    fn a_step_of_another_distribution_is_shortened() {
        let gaussian = Gaussian::new(vec![0.5; 4], 0.1);
        assert_eq!(gaussian.shortened(vec![1.0; 4]), vec![1.0; 4]);
        let shortened = gaussian.shortened(vec![1e6; 4]);
        assert!((norm(&shortened) - 5.0).abs() < 1e-9);
    }
}
