//! What the user believes of the optimum: defaults with a confidence.

use temper_space::{Confidence, Param, Space};

use super::axes::Place;

/// A density over the cube, one factor for each parameter whose default has a confidence, raised
/// to a power that falls as trials come in.
///
/// Hvarfner et al. 2022, "piBO: Augmenting Acquisition Functions with User Beliefs for Bayesian
/// Optimization", eq. 6: the power is `beta / n`. The densities have the tails of Cauchy's, not the
/// normal ones of the paper: far from a wrong default the belief costs little, and only delays.
#[derive(Clone, Debug)]
pub(super) struct Belief {
    factors: Vec<(usize, Factor)>,
    power: f64,
}

#[derive(Clone, Debug)]
enum Factor {
    /// Cauchy's around the default: its place and the reciprocal of its width.
    Near { place: f64, reciprocal: f64 },
    /// The default, or another value with this log density less.
    Chosen { place: f64, others: f64 },
}

/// The strength of a belief at the first trial, in trials: a tenth of a hundred, as in piBO.
const STRENGTH: f64 = 10.0;

impl Belief {
    /// What the space's defaults say after so many results; `None` if none has a confidence.
    pub(super) fn new(space: &Space, results: usize) -> Option<Self> {
        let factors: Vec<_> = space.axes().enumerate().filter_map(|(i, p)| factor(i, p)).collect();
        let power = STRENGTH / results.max(1) as f64;
        (!factors.is_empty()).then_some(Self { factors, power })
    }

    /// The logarithm at a place, without its constant.
    pub(super) fn ln_density(&self, place: &Place) -> f64 {
        let active = self.factors.iter().filter(|(axis, _)| place.active[*axis]);
        let ln = active.map(|(axis, factor)| match factor {
            Factor::Near { place: centre, reciprocal } => {
                -((place.point[*axis] - centre) * reciprocal).powi(2).ln_1p()
            }
            Factor::Chosen { place: chosen, .. } if place.point[*axis] == *chosen => 0.0,
            Factor::Chosen { others, .. } => *others,
        });
        self.power * ln.sum::<f64>()
    }

    /// Adds the gradient of [`Belief::ln_density`] by the coordinates.
    pub(super) fn add_slope(&self, place: &Place, gradient: &mut [f64]) {
        for (axis, factor) in self.factors.iter().filter(|(axis, _)| place.active[*axis]) {
            if let Factor::Near { place: centre, reciprocal } = factor {
                let z = (place.point[*axis] - centre) * reciprocal;
                gradient[*axis] -= self.power * 2.0 * z * reciprocal / (1.0 + z * z);
            }
        }
    }
}

/// The width of the belief in units of the parameter's range, and the probability of the default
/// of a choice, at each confidence.
fn strength(confidence: Confidence) -> (f64, f64) {
    match confidence {
        Confidence::Low => (0.3, 0.5),
        Confidence::Medium => (0.15, 0.7),
        Confidence::High => (0.05, 0.9),
    }
}

fn factor(axis: usize, param: &Param) -> Option<(usize, Factor)> {
    let (width, chance) = strength(param.confidence()?);
    let domain = param.domain();
    let place = domain.encode(param.default()?);
    let others = domain.levels().unwrap_or(2).saturating_sub(1).max(1) as f64;
    let factor = if domain.is_ordered() {
        Factor::Near { place, reciprocal: width.recip() }
    } else {
        Factor::Chosen { place, others: ((1.0 - chance) / others / chance).ln() }
    };
    Some((axis, factor))
}
