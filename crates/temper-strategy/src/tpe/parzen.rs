//! The Parzen estimator: a density over the parameters of one group.
//!
//! | symbol | shape | meaning |
//! |---|---|---|
//! | K | | components: one per observation, and the prior as the last one |
//! | d | | axes of the group |
//! | B | | places whose densities are asked for at once |
//! | weights | K | non-negative, their sum is 1 |
//!
//! p(x) = sum over k of weights\[k\] * product over a of kernel\[a\]\[k\](x\[a\]): the joint
//! density of Falkner et al. 2018, with the prior of Bergstra et al. 2011, section 4.2.

use rand::RngExt;
use temper_core::Rng;

use super::axis::Axis;
use super::kernel::Kernels;

/// The weight of the prior; that of a new observation is 1.
const PRIOR: f64 = 1.0;
/// The newest observations, which all weigh 1: Optuna's `default_weights`.
const FULL: usize = 25;
/// How many components are gone over at once: their exponents stay in the fastest cache.
const CHUNK: usize = 256;
/// The factors of so many kernels are multiplied: each is between 1 and 300, and the largest float is 1e308.
const AT_ONCE: usize = 64;
/// What is this much smaller than the largest, as a logarithm, does not count: 2e-16 of it.
const NEGLIGIBLE: f64 = -36.0;

/// A mixture of products of kernels.
#[derive(Clone, Debug)]
pub(super) struct Parzen {
    /// K.
    weights: Vec<f64>,
    /// The products of the constant factors of the kernels, in two parts, of which the first are
    /// logarithms: K. A logarithm takes longer than all else about a kernel.
    ln_factors: Vec<f64>,
    factors: Vec<f64>,
    /// One for each axis: d.
    kernels: Vec<Kernels>,
}

impl Parzen {
    /// The estimator of `count` observations, numbered from the oldest, before it has an axis.
    pub(super) fn new(count: usize) -> Self {
        let mut weights = weights(count);
        let total: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= total);
        let (ln_factors, factors) = (vec![0.0; weights.len()], vec![1.0; weights.len()]);
        Self { weights, ln_factors, factors, kernels: Vec::new() }
    }

    /// Adds an axis. `sorted`: place and number of each observation, ascending.
    pub(super) fn fit(&mut self, axis: &Axis, sorted: &[(f64, usize)]) {
        self.kernels.push(Kernels::fit(axis, sorted, PRIOR, &mut self.factors));
        if self.kernels.len().is_multiple_of(AT_ONCE) {
            self.ln_factors = self.ln_factors();
            self.factors.fill(1.0);
        }
    }

    fn ln_factors(&self) -> Vec<f64> {
        let parts = self.ln_factors.iter().zip(&self.factors);
        parts.map(|(ln_factor, factor)| ln_factor + factor.ln()).collect()
    }

    /// A draw: the places of the d axes.
    pub(super) fn draw(&self, rng: &mut Rng) -> Vec<f64> {
        let mut luck: f64 = rng.random();
        let chosen = self.weights.iter().position(|weight| {
            luck -= weight;
            luck < 0.0
        });
        // The weights may add up to a rounding error below 1.
        let component = chosen.unwrap_or(self.weights.len() - 1);
        self.kernels.iter().map(|kernels| kernels.draw(component, rng)).collect()
    }

    /// The logarithms of the densities at B places, up to a constant for each place that depends
    /// on the axes alone.
    ///
    /// `places`: d x B.
    pub(super) fn ln_densities(&self, places: &[Vec<f64>]) -> Vec<f64> {
        let count = places.first().map_or(0, Vec::len);
        let tables: Vec<Vec<_>> =
            self.kernels.iter().zip(places).map(|(kernels, at)| kernels.ln_masses(at)).collect();
        let ln_factors = self.ln_factors();
        let mut sums = vec![LogSum::default(); count];
        let mut exponents = Vec::with_capacity(CHUNK);
        for start in (0..ln_factors.len()).step_by(CHUNK) {
            let chunk = start..(start + CHUNK).min(ln_factors.len());
            for (index, sum) in sums.iter_mut().enumerate() {
                exponents.clear();
                exponents.extend_from_slice(&ln_factors[chunk.clone()]);
                for (axis, kernels) in self.kernels.iter().enumerate() {
                    let (at, ln_masses) = (places[axis][index], &tables[axis][index]);
                    kernels.add(at, ln_masses, chunk.clone(), &mut exponents);
                }
                sum.add(&exponents, &self.weights[chunk.clone()]);
            }
        }
        sums.iter().map(LogSum::get).collect()
    }
}

/// Optuna's `default_weights`: the newest observations weigh 1, older ones less, down to one
/// `count`-th: the "old decay" of Watanabe 2023, section 3. The last weight is the prior's.
fn weights(count: usize) -> Vec<f64> {
    let old = count.saturating_sub(FULL);
    let lowest = 1.0 / count.max(1) as f64;
    let step = if old > 1 { (1.0 - lowest) / (old - 1) as f64 } else { 0.0 };
    let decayed = (0..old).map(|age| lowest + step * age as f64);
    decayed.chain(std::iter::repeat_n(1.0, count - old)).chain([PRIOR]).collect()
}

/// The logarithm of a weighted sum whose terms come as logarithms, in parts.
#[derive(Clone, Copy, Debug)]
struct LogSum {
    /// The largest term so far.
    largest: f64,
    /// The sum so far, as a multiple of the largest term.
    sum: f64,
}

impl Default for LogSum {
    fn default() -> Self {
        Self { largest: f64::MIN, sum: 0.0 }
    }
}

impl LogSum {
    fn add(&mut self, terms: &[f64], weights: &[f64]) {
        let largest = terms.iter().copied().fold(self.largest, f64::max);
        self.sum *= (self.largest - largest).exp();
        self.largest = largest;
        for (term, weight) in terms.iter().zip(weights) {
            let relative = term - largest;
            if relative > NEGLIGIBLE {
                self.sum += weight * relative.exp();
            }
        }
    }

    fn get(&self) -> f64 {
        self.largest + self.sum.ln()
    }
}

#[cfg(test)]
mod tests {
    use temper_core::stream;

    use super::*;

    fn fit(axis: &Axis, places: &[f64]) -> Parzen {
        let mut sorted: Vec<_> = places.iter().copied().zip(0..).collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut parzen = Parzen::new(places.len());
        parzen.fit(axis, &sorted);
        parzen
    }

    #[test]
    fn a_density_integrates_to_one() {
        let parzen = fit(&Axis::Smooth, &[0.1, 0.12, 0.7, 1.0, 0.0]);
        let grid: Vec<f64> = (0..10_000).map(|index| (f64::from(index) + 0.5) / 1e4).collect();
        let total: f64 = parzen.ln_densities(&[grid]).iter().map(|ln| ln.exp()).sum::<f64>() / 1e4;
        // The constant that was left out is that of the normal density.
        let total = total / std::f64::consts::TAU.sqrt();
        assert!((total - 1.0).abs() < 1e-6, "{total}");
    }

    #[test]
    fn the_masses_of_all_levels_add_up_to_one() {
        let log =
            temper_space::IntDomain { low: 1, high: 9, scale: temper_space::Scale::Log, step: 1 };
        for axis in [Axis::Even(9), Axis::Choice(9), Axis::Log(log)] {
            let observed: Vec<f64> = [0, 0, 3, 8, 8, 8].map(|i| (f64::from(i) + 0.5) / 9.0).into();
            let parzen = fit(&axis, &observed);
            let mut places = vec![0.0];
            while axis.bucket(*places.last().unwrap()).1 < 1.0 {
                places.push(axis.bucket(*places.last().unwrap()).1 + 1e-9);
            }
            assert_eq!(places.len(), 9);
            let total: f64 = parzen.ln_densities(&[places]).iter().map(|ln| ln.exp()).sum();
            // To the precision of a thin mass.
            assert!((total - 1.0).abs() < 2e-5, "{axis:?} {total}");
        }
    }

    #[test]
    fn draws_follow_the_density() {
        let parzen = fit(&Axis::Even(5), &[0.1, 0.1, 0.9]);
        let mut rng = stream(7, 0);
        let draws: Vec<_> = (0..10_000).map(|_| parzen.draw(&mut rng)[0]).collect();
        let expected = parzen.ln_densities(&[(0..5).map(|i| f64::from(i) / 5.0 + 0.1).collect()]);
        for (level, expected) in expected.iter().enumerate() {
            let found = draws.iter().filter(|place| (*place * 5.0) as usize == level).count();
            // The standard deviation of a share is at most 0.005.
            assert!((found as f64 / 1e4 - expected.exp()).abs() < 0.025, "{level} {found}");
        }
    }

    #[test]
    fn weights_are_those_of_optuna() {
        assert_eq!(weights(0), [PRIOR]);
        assert_eq!(weights(25), [1.0; 26]);
        assert_eq!(weights(26)[..2], [1.0 / 26.0, 1.0]);
        assert_eq!(weights(28)[..4], [1.0 / 28.0, (1.0 + 1.0 / 28.0) / 2.0, 1.0, 1.0]);
    }
}
