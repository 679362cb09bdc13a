//! How much a configuration promises.

use temper_gp::{Gp, GpError, Prediction, Sloped, normal};

use super::axes::Place;
use super::belief::Belief;
use super::boxes::Boxes;
use super::price::Price;

/// The logarithm of the expected improvement, weighed by the chance to succeed and by what is
/// believed of the optimum, and divided by a power of what the trial costs:
///
/// `a = ln E[volume that f(x) newly dominates] + ln v(x) + sum_c w_c ln P(c(x) <= 0)`
/// `+ w ln pi(x) - p(x)`,
///
/// where `v(x)` is what a noisy result is worth ([`ln_worth`]) and `p(x)` the price of a trial
/// ([`Price`]).
///
/// Ament et al. 2023, "Unexpected Improvements to Expected Improvement for Bayesian Optimization",
/// eq. 8 and section 4.2; Gardner et al. 2014, "Bayesian Optimization with Inequality
/// Constraints", eq. 5; Hvarfner et al. 2022, "piBO", eq. 6: all in logarithms.
#[derive(Debug)]
pub(super) struct Acquisition<'a> {
    pub(super) improvement: Option<Improvement>,
    pub(super) limits: Vec<Limit>,
    pub(super) belief: Option<&'a Belief>,
    pub(super) price: Option<Price>,
}

/// What is to become low, one process per goal, and where that would be new.
#[derive(Debug)]
pub(super) struct Improvement {
    pub(super) goals: Vec<Gp>,
    pub(super) boxes: Boxes,
    /// The variance of the noise of a further result, where there is one goal and it counts; else 0.
    pub(super) noise: f64,
}

/// What is to come out at 0 or below.
#[derive(Debug)]
pub(super) struct Limit {
    pub(super) gp: Gp,
    /// The power of the probability: 1 where breaking it costs no more than finding no
    /// improvement, more where less is learned then.
    pub(super) caution: f64,
}

impl Limit {
    /// `w ln P(c <= 0)`, the noise of `c` included, and its slopes.
    fn ln_chance(&self, Prediction { mean, variance }: Prediction) -> (f64, Slope) {
        let variance = variance + self.gp.hyperparameters().noise;
        let sigma = variance.sqrt();
        let z = -mean / sigma;
        let slope = self.caution * normal::ln_distribution_slope(z);
        let value = self.caution * normal::ln_distribution(z);
        (value, (-slope / sigma, -slope * z / (2.0 * variance)))
    }
}

impl Acquisition<'_> {
    /// The value at each of several places.
    pub(super) fn values(&self, places: &[Place]) -> Result<Vec<f64>, GpError> {
        let points: Vec<_> =
            places.iter().map(|place| (place.point.clone(), place.active.clone())).collect();
        let mut values = vec![0.0; places.len()];
        if let Some(Improvement { goals, boxes, noise }) = &self.improvement {
            let goals = goals.iter().map(|gp| gp.predict_many(&points));
            let predictions = goals.collect::<Result<Vec<_>, _>>()?;
            for (index, value) in values.iter_mut().enumerate() {
                let here: Vec<_> = predictions.iter().map(|goal| goal[index]).collect();
                *value += ln_improvement(&here, boxes).0 + ln_worth(here[0].variance, *noise).0;
            }
        }
        for limit in &self.limits {
            let predictions = limit.gp.predict_many(&points)?;
            values.iter_mut().zip(predictions).for_each(|(v, p)| *v += limit.ln_chance(p).0);
        }
        if let Some(belief) = self.belief {
            values.iter_mut().zip(places).for_each(|(v, place)| *v += belief.ln_density(place));
        }
        if let Some(price) = &self.price {
            values.iter_mut().zip(price.ln_costs(places)?).for_each(|(v, cost)| *v -= cost);
        }
        Ok(values)
    }

    /// The value at a place; adds its gradient by the coordinates to `gradient`.
    pub(super) fn sloped(&self, place: &Place, gradient: &mut [f64]) -> Result<f64, GpError> {
        let sloped = |gp: &Gp| gp.predict_sloped(&place.point, &place.active);
        let mut total = 0.0;
        if let Some(Improvement { goals, boxes, noise }) = &self.improvement {
            let goals = goals.iter().map(sloped).collect::<Result<Vec<_>, _>>()?;
            let predictions: Vec<_> = goals.iter().map(|goal| goal.prediction).collect();
            let (value, mut slopes) = ln_improvement(&predictions, boxes);
            total += value;
            let (worth, slope) = ln_worth(predictions[0].variance, *noise);
            total += worth;
            slopes[0].1 += slope;
            goals.iter().zip(slopes).for_each(|(goal, slope)| descend(goal, slope, gradient));
        }
        for limit in &self.limits {
            let here = sloped(&limit.gp)?;
            let (value, slope) = limit.ln_chance(here.prediction);
            total += value;
            descend(&here, slope, gradient);
        }
        if let Some(belief) = self.belief {
            total += belief.ln_density(place);
            belief.add_slope(place, gradient);
        }
        if let Some(price) = &self.price {
            total -= price.sloped(place, gradient)?;
        }
        Ok(total)
    }
}

/// The slopes of a function of a prediction by its mean and its variance.
type Slope = (f64, f64);

/// The chain rule.
fn descend(sloped: &Sloped, (by_mean, by_variance): Slope, gradient: &mut [f64]) {
    let slopes = sloped.mean.iter().zip(&sloped.variance);
    let slopes = slopes.map(|(mean, variance)| by_mean * mean + by_variance * variance);
    gradient.iter_mut().zip(slopes).for_each(|(slot, slope)| *slot += slope);
}

/// The logarithm of what a result with noise is worth beside one without, and its slope by the
/// variance: little where the noise hides what is not known.
///
/// `1 - sqrt(noise / (variance + noise))`: Huang et al. 2006, "Global Optimization of Stochastic
/// Black-Box Systems via Sequential Kriging Meta-Models", eq. 14.
fn ln_worth(variance: f64, noise: f64) -> (f64, f64) {
    let total = variance + noise;
    let root = (noise / total).sqrt();
    // 1 - root, also where that is close to 1.
    let worth = variance / total / (1.0 + root);
    (worth.ln(), root / (2.0 * total * worth))
}

/// What an edge of the boxes is to the prediction of one goal.
#[derive(Clone, Copy)]
struct Edge {
    /// `ln h(z)`, `z = (edge - mean) / sigma`.
    ln: f64,
    /// `Phi(z) / h(z)`.
    below: f64,
    /// `phi(z) / h(z)`.
    density: f64,
}

/// The logarithm of the expected volume of the boxes that the losses will dominate, and its slopes
/// for each goal.
///
/// With independent goals a box adds the product of `psi(l, u) = sigma (h(z_u) - h(z_l))`, the
/// integral of `Phi((t - mean) / sigma)` from `l` to `u`; with one goal and one box that is the
/// expected improvement. Emmerich et al. 2006 and Yang et al. 2019 give the sum; the logarithms
/// are taken as in Ament et al. 2023.
fn ln_improvement(goals: &[Prediction], boxes: &Boxes) -> (f64, Vec<Slope>) {
    let edges: Vec<Vec<Edge>> =
        goals.iter().zip(&boxes.edges).map(|(goal, edges)| edges_of(*goal, edges)).collect();
    let terms: Vec<f64> = boxes
        .boxes
        .iter()
        .map(|bounds| {
            let sides = bounds.iter().enumerate();
            sides.map(|(goal, (low, high))| side(&edges[goal], *low, *high).0).sum()
        })
        .collect();
    let largest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut slopes = vec![(0.0, 0.0); goals.len()];
    if largest == f64::NEG_INFINITY {
        return (largest, slopes);
    }
    let weights: Vec<f64> = terms.iter().map(|term| (term - largest).exp()).collect();
    let total: f64 = weights.iter().sum();
    for (bounds, weight) in boxes.boxes.iter().zip(&weights).filter(|(_, weight)| **weight > 0.0) {
        for (goal, (low, high)) in bounds.iter().enumerate() {
            let (_, below, density) = side(&edges[goal], *low, *high);
            slopes[goal].0 -= weight * below;
            slopes[goal].1 += weight * density;
        }
    }
    let mut value = largest + total.ln();
    for (goal, slope) in goals.iter().zip(&mut slopes) {
        let sigma = goal.variance.sqrt();
        value += sigma.ln();
        // d psi/d mean = -(Phi(z_u) - Phi(z_l)), d psi/d sigma = phi(z_u) - phi(z_l)
        *slope = (slope.0 / (total * sigma), slope.1 / (total * 2.0 * goal.variance));
    }
    (value, slopes)
}

fn edges_of(goal: Prediction, edges: &[f64]) -> Vec<Edge> {
    let sigma = goal.variance.sqrt();
    let edge = |edge: &f64| {
        let z = (edge - goal.mean) / sigma;
        if z == f64::NEG_INFINITY {
            return Edge { ln: z, below: 0.0, density: 0.0 };
        }
        let below = normal::ln_improvement_slope(z);
        Edge { ln: normal::ln_improvement(z), below, density: 1.0 - z * below }
    };
    edges.iter().map(edge).collect()
}

/// `ln (h(z_u) - h(z_l))`, and the differences of `Phi` and `phi` divided by that of `h`.
fn side(edges: &[Edge], low: usize, high: usize) -> (f64, f64, f64) {
    let (low, high) = (edges[low], edges[high]);
    let ratio = (low.ln - high.ln).exp();
    let rest = (1.0 - ratio).max(f64::MIN_POSITIVE);
    let difference = |high: f64, low: f64| (high - ratio * low) / rest;
    (
        high.ln + (-ratio).ln_1p().max(f64::MIN),
        difference(high.below, low.below),
        difference(high.density, low.density),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predictions(parameters: &[f64]) -> Vec<Prediction> {
        let pair = |pair: &[f64]| Prediction { mean: pair[0], variance: pair[1] };
        parameters.chunks(2).map(pair).collect()
    }

    #[test]
    fn the_slopes_of_the_improvement_are_those_of_finite_differences() {
        let front = [[0.0, 1.0, 0.3], [0.4, 0.2, 0.8], [1.0, 0.0, 0.1]].map(Vec::from);
        let plane: Vec<_> = front.iter().map(|point| point[..2].to_vec()).collect();
        let cases = [
            (vec![0.3, 0.2], Boxes::below(-0.4)),
            (vec![40.0, 0.2], Boxes::below(-0.4)),
            (vec![0.3, 0.2, 0.1, 0.5], Boxes::beside(&plane, &[2.0, 2.0])),
            (vec![9.0, 0.2, 7.0, 0.5], Boxes::beside(&plane, &[2.0, 2.0])),
            (vec![0.3, 0.2, 0.1, 0.5, 0.2, 0.1], Boxes::beside(&front, &[2.0; 3])),
        ];
        for (parameters, boxes) in cases {
            let (_, slopes) = ln_improvement(&predictions(&parameters), &boxes);
            for index in 0..parameters.len() {
                let at = |shift: f64| {
                    let mut moved = parameters.clone();
                    moved[index] += shift;
                    ln_improvement(&predictions(&moved), &boxes).0
                };
                let expected = (at(1e-6) - at(-1e-6)) / 2e-6;
                let (by_mean, by_variance) = slopes[index / 2];
                let slope = if index % 2 == 0 { by_mean } else { by_variance };
                // Central differences of numbers of order 10^4 keep six digits.
                assert!((slope - expected).abs() < 1e-5 * expected.abs().max(1.0), "{index}");
            }
        }
    }

    #[test]
    fn a_result_with_noise_is_worth_less_where_little_is_unknown() {
        assert_eq!(ln_worth(0.3, 0.0), (0.0, 0.0));
        for (variance, noise) in [(0.3, 0.2), (1e-6, 2.0), (5.0, 1e-3)] {
            let (value, slope) = ln_worth(variance, noise);
            let exact = 1.0 - (noise / (variance + noise)).sqrt();
            assert!((value - exact.ln()).abs() < 1e-8, "{value}");
            let step = 1e-4 * variance;
            let ends = [variance + step, variance - step].map(|it| ln_worth(it, noise).0);
            let expected = (ends[0] - ends[1]) / (2.0 * step);
            assert!((slope - expected).abs() < 1e-6 * expected, "{slope} {expected}");
        }
    }

    #[test]
    fn the_improvement_is_the_mean_over_draws() {
        use rand::RngExt;
        let front = [[0.0, 1.0], [0.4, 0.2], [1.0, 0.0]].map(Vec::from);
        let boxes = Boxes::beside(&front, &[2.0, 2.0]);
        let goals = predictions(&[0.3, 0.2, 0.1, 0.5]);
        let mut rng = temper_core::stream(7, 0);
        let mut uniform = || rng.random::<f64>().max(1e-12);
        let volume = |y: &[f64]| -> f64 {
            let side = |goal: usize, low: usize, high: usize| {
                let edges = &boxes.edges[goal];
                (edges[high] - edges[low].max(y[goal])).max(0.0)
            };
            let box_volume = |bounds: &Vec<(usize, usize)>| -> f64 {
                bounds.iter().enumerate().map(|(goal, (l, h))| side(goal, *l, *h)).product()
            };
            boxes.boxes.iter().map(box_volume).sum()
        };
        let draws = 200_000;
        let draw =
            |goal: &Prediction, u: f64| goal.mean + goal.variance.sqrt() * normal::quantile(u);
        let sum: f64 = (0..draws)
            .map(|_| volume(&[draw(&goals[0], uniform()), draw(&goals[1], uniform())]))
            .sum();
        let exact = ln_improvement(&goals, &boxes).0.exp();
        // The volumes have a standard deviation of about 0.5: the mean's is 0.001.
        assert!((sum / f64::from(draws) - exact).abs() < 0.006, "{} {exact}", sum / 2e5);
    }
}
