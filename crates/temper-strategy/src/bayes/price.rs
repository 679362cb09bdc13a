//! What a trial is likely to cost.

use temper_gp::{Gp, GpError, Prediction, Prior, warp};

use super::axes::{Axes, Place};
use super::model::Model;
use crate::evidence::Lesson;

/// The predicted cost of a trial, as what it takes from the logarithm of its promise:
/// `power * E[ln cost(x)]`, up to a constant.
///
/// Costs span orders of magnitude and are positive: their logarithms are modelled. Snoek, Larochelle
/// and Adams 2012, "Practical Bayesian Optimization of Machine Learning Algorithms", section 3.2
/// (expected improvement per second).
#[derive(Debug)]
pub(crate) struct Price {
    /// Over standardised logarithms of costs.
    gp: Gp,
    /// The power, in units of the standard deviation of those logarithms.
    power: f64,
}

/// How many costs there must be before they are modelled.
const FEWEST: usize = 2;

/// What is learned of costs, kept between asks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prices {
    model: Option<Model>,
    /// Whether that is of lessons that change.
    moving: bool,
}

impl Prices {
    /// The price of what the lessons say of costs, with the power of the cost; `None` if that is 0,
    /// or if too few costs are known or all are equal. Where lessons are `moving`, they change from
    /// ask to ask, and nothing is kept.
    pub(crate) fn learn(
        &mut self,
        axes: &Axes<'_>,
        lessons: &[Lesson],
        moving: bool,
        power: f64,
    ) -> Result<Option<Price>, GpError> {
        if moving || self.moving {
            *self = Self { model: None, moving };
        }
        if power <= 0.0 {
            return Ok(None);
        }
        let known = lessons.iter().filter_map(|lesson| {
            let (point, active) = (lesson.point.clone(), lesson.active.clone());
            Some((Place { point, active }, lesson.cost?.ln()))
        });
        let (places, logs): (Vec<_>, Vec<f64>) = known.unzip();
        let power = power * warp::deviation(&logs);
        if logs.len() < FEWEST || power <= 0.0 {
            return Ok(None);
        }
        let fresh = || Model::new(axes.kernel(), Prior::scaled(axes.dims())).moving(moving);
        let model = self.model.get_or_insert_with(fresh);
        let gp = model.process(&places, |first| warp::standardise(&logs[..first]).into())?.clone();
        Ok(Some(Price { gp, power }))
    }
}

impl Price {
    /// What is taken at each of several places.
    pub(crate) fn ln_costs(&self, places: &[Place]) -> Result<Vec<f64>, GpError> {
        let mean = |place: &Place| self.gp.predict_mean(&place.point, &place.active);
        places.iter().map(|place| mean(place).map(|mean| self.power * mean)).collect()
    }

    /// What is taken at a place; takes its gradient by the coordinates from `gradient`.
    pub(super) fn sloped(&self, place: &Place, gradient: &mut [f64]) -> Result<f64, GpError> {
        let here = self.gp.predict_sloped(&place.point, &place.active)?;
        let Prediction { mean, .. } = here.prediction;
        gradient.iter_mut().zip(&here.mean).for_each(|(slot, slope)| *slot -= self.power * slope);
        Ok(self.power * mean)
    }
}
