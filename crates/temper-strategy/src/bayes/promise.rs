//! What more trials may still bring, beside the noise of the results.

use temper_core::Rng;
use temper_gp::{Gp, GpError, warp};
use temper_space::Space;

use super::axes::{Axes, Place};
use super::learn::{Known, Surrogates};
use super::maximise::{Sources, maximise};
use super::outputs::drawn_in;
use crate::evidence::{End, Lesson};

/// What is to be gained, in the unit of the losses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Promise {
    /// The most by which a configuration may plausibly be better than the best one tried, both
    /// without the noise:
    ///
    /// `min_(x tried) [m(x) + k s(x)] - min_x [m(x) - k s(x)]`,
    ///
    /// with the posterior mean `m` and standard deviation `s`. Makarova et al. 2022, "Automatic
    /// Termination for Hyperparameter Optimization", eq. 5.
    pub(crate) improvement: f64,
    /// The standard deviation of the noise of the results.
    pub(crate) noise: f64,
}

/// `k`: how many standard deviations are plausible. That of the paper, `sqrt(beta_t)` with
/// `beta_t = 2 ln(d t^2 pi^2 / 0.6) / 5`, is 1.9 to 2.3 for up to 10 dimensions after 20 to 60 trials.
const PLAUSIBLE: f64 = 2.0;

/// The surrogates by which promises are judged, kept between them.
#[derive(Debug, Default)]
pub(crate) struct Promises {
    surrogates: Surrogates,
}

impl Promises {
    /// What a trial promises after these lessons of a study with one goal; `None` if no result
    /// keeps the constraints. Where lessons are `moving`, they change from ask to ask.
    pub(crate) fn of(
        &mut self,
        space: &Space,
        lessons: &[Lesson],
        moving: bool,
        rng: &mut Rng,
    ) -> Result<Option<Promise>, GpError> {
        if moving {
            self.surrogates = Surrogates::of_moving();
        } else if self.surrogates.are_moving() {
            self.surrogates = Surrogates::default();
        }
        let axes = Axes::new(space);
        // What is believed of the optimum promises nothing, and no trial is worth less for its cost.
        let (belief, pending, thrift, by_rank) = (None, &[][..], 0.0, false);
        let known = Known { axes: &axes, lessons, pending, belief, thrift, by_rank };
        let Some(mut learned) = self.surrogates.learn(&known, rng)? else { return Ok(None) };
        if let Some(improvement) = &mut learned.acquisition.improvement {
            improvement.noise = 0.0; // It is about the function, not what a trial would tell of it.
        }
        let Some(improvement) = &learned.acquisition.improvement else { return Ok(None) };
        let Some(gp) = improvement.goals.first() else { return Ok(None) };
        let sources = Sources::new(&axes, &learned.incumbents, None);
        let places = maximise(&learned.acquisition, &axes, &sources, rng)?;
        let mut allowed = vec![true; places.len()];
        for limit in &learned.acquisition.limits {
            let least = edge(&limit.gp, &places, -PLAUSIBLE)?;
            allowed.iter_mut().zip(least).for_each(|(allowed, least)| *allowed &= least <= 0.0);
        }
        let lowest = edge(gp, &places, -PLAUSIBLE)?.into_iter().zip(allowed);
        let lowest = lowest.filter(|(_, allowed)| *allowed).map(|(low, _)| low);
        let best =
            edge(gp, &learned.incumbents, PLAUSIBLE)?.into_iter().fold(f64::INFINITY, f64::min);
        let unit = unit(lessons);
        let gain = (best - lowest.fold(best, f64::min)) * unit;
        let learned_noise = gp.hyperparameters().noise.sqrt() * unit;
        let noise = learned_noise.hypot(known_noise(lessons));
        Ok(Some(Promise { improvement: gain, noise }))
    }
}

/// The posterior mean at places and so many standard deviations.
fn edge(gp: &Gp, places: &[Place], deviations: f64) -> Result<Vec<f64>, GpError> {
    let points: Vec<_> =
        places.iter().map(|place| (place.point.clone(), place.active.clone())).collect();
    let predictions = gp.predict_many(&points)?;
    Ok(predictions.iter().map(|it| it.mean + deviations * it.variance.sqrt()).collect())
}

/// The standard deviation that is known of the noise of the results, of all of them: the root of the
/// mean of the squares.
fn known_noise(lessons: &[Lesson]) -> f64 {
    let results = lessons.iter().filter(|lesson| loss(lesson).is_some());
    let squares = results.map(|lesson| lesson.noises.first().map_or(0.0, |noise| noise.powi(2)));
    let squares: Vec<f64> = squares.collect();
    (squares.iter().sum::<f64>() / squares.len().max(1) as f64).sqrt()
}

/// What the surrogate's unit is in that of the losses: their standard deviation.
fn unit(lessons: &[Lesson]) -> f64 {
    warp::deviation(&drawn_in(&lessons.iter().filter_map(loss).collect::<Vec<_>>()))
}

fn loss(lesson: &Lesson) -> Option<f64> {
    match &lesson.end {
        End::Completed { losses, .. } => losses.first().copied(),
        End::Partial { loss, .. } => Some(*loss),
        End::Pruned { .. } | End::Failed(_) => None,
    }
}
