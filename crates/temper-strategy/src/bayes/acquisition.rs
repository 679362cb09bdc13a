//! How much a configuration promises.

use temper_gp::{Gp, GpError, Prediction, Sloped, normal};

use super::axes::Place;

/// The logarithm of the expected improvement, weighed by the chance to succeed:
///
/// `a(x) = ln E[max(best - f(x), 0)] + sum_c ln P(c(x) holds)`.
///
/// Ament et al. 2023, "Unexpected Improvements to Expected Improvement for Bayesian Optimization",
/// eq. 8, and Gardner et al. 2014, "Bayesian Optimization with Inequality Constraints", eq. 5, in
/// logarithms.
#[derive(Debug)]
pub(super) struct Acquisition {
    pub(super) objective: Option<Objective>,
    pub(super) limits: Vec<Limit>,
}

/// What is to become low, and what it was at its lowest.
#[derive(Debug)]
pub(super) struct Objective {
    pub(super) gp: Gp,
    pub(super) best: f64,
}

/// What has to be at most `bound`.
#[derive(Debug)]
pub(super) struct Limit {
    pub(super) gp: Gp,
    pub(super) bound: f64,
}

/// A function of a prediction: its value and its slopes by mean and variance.
type Score = (f64, f64, f64);

impl Acquisition {
    /// The value at each of several places.
    pub(super) fn values(&self, places: &[Place]) -> Result<Vec<f64>, GpError> {
        let points: Vec<_> =
            places.iter().map(|place| (place.point.clone(), place.active.clone())).collect();
        let mut values = vec![0.0; places.len()];
        for (gp, score) in self.terms() {
            let predictions = gp.predict_many(&points)?;
            values.iter_mut().zip(predictions).for_each(|(value, p)| *value += score(p).0);
        }
        Ok(values)
    }

    /// The value at a place; adds its gradient by the coordinates to `gradient`.
    pub(super) fn sloped(&self, place: &Place, gradient: &mut [f64]) -> Result<f64, GpError> {
        let mut total = 0.0;
        for (gp, score) in self.terms() {
            let Sloped { prediction, mean, variance } =
                gp.predict_sloped(&place.point, &place.active)?;
            let (value, by_mean, by_variance) = score(prediction);
            total += value;
            let slopes = mean.iter().zip(&variance);
            let slopes = slopes.map(|(mean, variance)| by_mean * mean + by_variance * variance);
            gradient.iter_mut().zip(slopes).for_each(|(slot, slope)| *slot += slope);
        }
        Ok(total)
    }

    fn terms(&self) -> impl Iterator<Item = (&Gp, Box<dyn Fn(Prediction) -> Score + '_>)> {
        let objective = self.objective.iter().map(|objective| {
            let score = move |p| ln_improvement(p, objective.best);
            (&objective.gp, Box::new(score) as Box<dyn Fn(Prediction) -> Score>)
        });
        let limits = self.limits.iter().map(|limit| {
            let noise = limit.gp.hyperparameters().noise;
            let score = move |p| ln_chance(p, limit.bound, noise);
            (&limit.gp, Box::new(score) as Box<dyn Fn(Prediction) -> Score>)
        });
        objective.chain(limits)
    }
}

/// `ln E[max(best - f, 0)] = ln sigma + ln h(z)`, `z = (best - mu) / sigma`.
fn ln_improvement(Prediction { mean, variance }: Prediction, best: f64) -> Score {
    let sigma = variance.sqrt();
    let z = (best - mean) / sigma;
    let slope = normal::ln_improvement_slope(z);
    // dz/dmu = -1/sigma, dz/dv = -z/(2v), d ln sigma/dv = 1/(2v)
    let by_variance = (1.0 - slope * z) / (2.0 * variance);
    (sigma.ln() + normal::ln_improvement(z), -slope / sigma, by_variance)
}

/// `ln P(c <= bound)`, the noise of `c` included.
fn ln_chance(Prediction { mean, variance }: Prediction, bound: f64, noise: f64) -> Score {
    let variance = variance + noise;
    let sigma = variance.sqrt();
    let z = (bound - mean) / sigma;
    let slope = normal::ln_distribution_slope(z);
    (normal::ln_distribution(z), -slope / sigma, -slope * z / (2.0 * variance))
}
