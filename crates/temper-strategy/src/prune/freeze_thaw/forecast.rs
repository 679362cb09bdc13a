//! Where learning curves end: forecasts of trials that have not run to their end.
//!
//! | symbol | what it is |
//! |---|---|
//! | `y` | lowest loss of a trial up to a step, standardised over all trials: `n` of them |
//! | `f(s)` | how much of the way down is left at step `s`: 1 at the first step, 0 at the last |
//! | `b = (b0, b1)` | a trial's loss at the last step, and how far it falls from first to last |
//! | `m`, `S` | mean (2) and covariance (2 x 2) of `b` over trials |
//! | `v` | variance of `y` about `b0 + b1 f(s)` |
//!
//! A curve is a power of the step that ends at the last step: `f` is `s^-c` moved and scaled, for a
//! few exponents `c` (0: the logarithm), each weighed by how well it explains all curves. Curves of
//! one study differ in `b`, which is normally distributed over trials: from that, a short curve is
//! forecast with the uncertainty that is left. The parameters are fitted by expectation and
//! maximisation.
//!
//! Sources: Laird and Ware, "Random-Effects Models for Longitudinal Data", Biometrics 38, 1982
//! (model and fit); Domhan, Springenberg and Hutter, "Speeding Up Automatic Hyperparameter
//! Optimization of Deep Neural Networks by Extrapolation of Learning Curves", IJCAI 2015 (power laws
//! among the curves, stopping by the chance to win); Swersky, Snoek and Adams, "Freeze-Thaw Bayesian
//! Optimization", arXiv:1406.3896, 2014 (sharing over trials).

mod effects;

use effects::{Curve, Effects};
use temper_core::{History, Loss, Origin, Step, Trial};

/// The exponents, from nearly straight to mostly over after a few steps.
const EXPONENTS: [f64; 5] = [-0.5, 0.0, 0.5, 1.0, 2.0];

/// Of a curve, no more points than this are looked at, at growing distances.
const POINTS: usize = 24;

/// A loss that is not known yet: its mean and its standard deviation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Forecast {
    pub(super) mean: f64,
    pub(super) deviation: f64,
}

/// What the curves of a study have in common.
#[derive(Clone, Debug)]
pub(super) struct Curves {
    scale: Scale,
    first: Step,
    last: Step,
    /// One for each exponent, with its weight.
    shapes: Vec<(f64, Effects, f64)>,
}

/// How losses are standardised.
#[derive(Clone, Copy, Debug)]
struct Scale {
    centre: f64,
    unit: f64,
    /// Losses above are drawn in to here.
    fence: f64,
}

impl Curves {
    /// Learns from all trials of the search that have reported; `None` if there are none, or all
    /// stopped at their first step. The last step is the study's, or else the last that was reported.
    pub(super) fn learn(history: &History) -> Option<Self> {
        let confirms = |trial: &Trial| matches!(trial.origin(), Origin::Confirmation { .. });
        let is_known = |trial: &&Trial| !trial.reports().is_empty() && !confirms(trial);
        let trials = || history.trials().iter().filter(is_known);
        let steps = || trials().flat_map(Trial::reports).map(|report| report.step);
        let first = steps().min()?.max(1);
        let reported = steps().max()?;
        let last = history.setup().and_then(|setup| setup.max_steps).unwrap_or(0).max(reported);
        if first >= last {
            return None;
        }
        let lowest: Vec<Vec<(Step, f64)>> = trials().map(lowest).collect();
        let scale = Scale::of(&lowest)?;
        let shapes = EXPONENTS.map(|exponent| {
            let f = |step| left(exponent, first, last, step);
            let curves: Vec<Curve> = lowest.iter().map(|it| curve(it, scale, &f)).collect();
            let (effects, likelihood) = Effects::fit(&curves);
            (exponent, effects, likelihood)
        });
        let most = shapes.iter().map(|(.., it)| *it).fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = shapes.iter().map(|(.., it)| (it - most).exp()).sum();
        let weigh = |(exponent, effects, likelihood): (f64, Effects, f64)| {
            (exponent, effects, (likelihood - most).exp() / total)
        };
        Some(Self { scale, first, last, shapes: shapes.into_iter().map(weigh).collect() })
    }

    /// The step at which forecasts are made.
    pub(super) fn last(&self) -> Step {
        self.last
    }

    /// The lowest loss of a trial by the last step.
    pub(super) fn end_of(&self, trial: &Trial) -> Forecast {
        let lowest = lowest(trial);
        self.mix(|exponent, effects| {
            let f = |step| left(exponent, self.first, self.last, step);
            effects.end(&curve(&lowest, self.scale, &f))
        })
    }

    /// The lowest loss of a trial that is not begun, if it is like the others.
    pub(super) fn end_of_new(&self) -> Forecast {
        self.mix(|_, effects| effects.end(&Curve::default()))
    }

    fn mix(&self, end: impl Fn(f64, &Effects) -> (f64, f64)) -> Forecast {
        let ends: Vec<_> =
            self.shapes.iter().map(|(c, effects, weight)| (end(*c, effects), *weight)).collect();
        let mean: f64 = ends.iter().map(|((mean, _), weight)| weight * mean).sum();
        let variance: f64 = (ends.iter())
            .map(|((own, variance), weight)| weight * (variance + (own - mean).powi(2)))
            .sum();
        let Scale { centre, unit, .. } = self.scale;
        Forecast { mean: centre + unit * mean, deviation: unit * variance.sqrt() }
    }
}

/// `f`: how much of the way down is left.
fn left(exponent: f64, first: Step, last: Step, step: Step) -> f64 {
    let power = |step: Step| {
        let log = (step as f64).ln();
        if exponent == 0.0 { -log } else { (-exponent * log).exp() * exponent.signum() }
    };
    (power(step) - power(last)) / (power(first) - power(last))
}

/// The lowest loss up to each of some steps, at growing distances.
fn lowest(trial: &Trial) -> Vec<(Step, f64)> {
    let reports = trial.reports();
    let ratio = (reports.len() as f64).powf(1.0 / POINTS as f64);
    let mut points = Vec::new();
    let (mut low, mut next) = (f64::INFINITY, 1.0);
    for (count, report) in (1..).zip(reports) {
        low = low.min(report.losses.first().map_or(low, |loss: &Loss| loss.get()));
        if f64::from(count) >= next || count as usize == reports.len() {
            points.push((report.step.max(1), low));
            next = (next * ratio).max(f64::from(count) + 1.0);
        }
    }
    points
}

fn curve(lowest: &[(Step, f64)], scale: Scale, f: &impl Fn(Step) -> f64) -> Curve {
    let points = lowest.iter().map(|(step, loss)| (f(*step), scale.of_loss(*loss)));
    Curve::of(points)
}

impl Scale {
    /// By the lowest losses: their median, and the distance from there to the lower quartile.
    fn of(curves: &[Vec<(Step, f64)>]) -> Option<Self> {
        let mut all: Vec<f64> = curves.iter().flatten().map(|(_, loss)| *loss).collect();
        all.sort_by(f64::total_cmp);
        let at = |share: f64| all[((all.len() - 1) as f64 * share) as usize];
        // Tukey's outer fence, as for results.
        let fence = at(0.75) + 3.0 * (at(0.75) - at(0.25));
        let (centre, low) = (at(0.5), at(0.0));
        let unit = [(at(0.75) - at(0.25)) / 1.35, centre - low, centre.abs() * 1e-3]
            .into_iter()
            .find(|it| *it > 0.0 && it.is_finite())?;
        Some(Self { centre, unit, fence })
    }

    fn of_loss(self, loss: f64) -> f64 {
        (loss.min(self.fence) - self.centre) / self.unit
    }
}

#[cfg(test)]
mod tests;
