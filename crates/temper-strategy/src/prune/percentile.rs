//! Stops a trial whose best loss so far is not among the best part of the others' at the same step.
//!
//! The pruner for trials that report on the way and whose curves rarely cross late, where `median`
//! stops too few. It never stops the best trial.
//!
//! Source: Golovin et al., "Google Vizier: A Service for Black-Box Optimization", KDD 2017, section
//! 3.5.1, for the median; other percentiles as in Optuna's `PercentilePruner`, with the linear
//! interpolation of `NumPy`'s `percentile` (definition 7 of Hyndman and Fan, "Sample Quantiles in
//! Statistical Packages", The American Statistician 50(4), 1996). Optuna compares with completed
//! trials; here all count that came as far.

use serde::{Deserialize, Serialize};
use temper_core::{History, Judgement, Loss, Pruner, Step, Trial, TrialId};

use super::check::Checks;
use super::{best_until, told, value, worse};
use crate::registry::{Entry, RegistryError, read_options};

const NAME: &str = "percentile";

pub(crate) const ENTRY: Entry<dyn Pruner> = Entry {
    name: NAME,
    summary: "stops a trial that is not among the best quarter, or another part, at the same step",
    build: |options| {
        let options: PercentileOptions = read_options(NAME, options)?;
        options.check()?;
        Ok(Box::new(Percentile(options)))
    },
};

/// How good a trial has to be, and when.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PercentileOptions {
    /// Which part of the others goes on, in percent: 25 is the best quarter. From 0 to 100.
    /// Default: 25.
    pub percentile: f64,
    /// How many other trials must have reached a step before one is stopped there. Default: 5.
    pub min_trials: usize,
    /// No trial is stopped before this step. Default: 0.
    pub warmup_steps: Step,
    /// Trials are compared at their first report in each interval of so many steps, counted from
    /// `warmup_steps`; at least 1. Default: 1.
    pub interval_steps: Step,
}

impl Default for PercentileOptions {
    fn default() -> Self {
        Self { percentile: 25.0, min_trials: 5, warmup_steps: 0, interval_steps: 1 }
    }
}

impl PercentileOptions {
    fn check(&self) -> Result<(), RegistryError> {
        self.checks().check(NAME)?;
        if (0.0..=100.0).contains(&self.percentile) {
            return Ok(());
        }
        let message = format!("`percentile` is {}: it must be from 0 to 100", self.percentile);
        Err(RegistryError::BadOptions { owner: NAME, message })
    }

    fn checks(&self) -> Checks {
        Checks { warmup_steps: self.warmup_steps, interval_steps: self.interval_steps }
    }

    /// How the trial compares: its best loss so far, the percentile of the others' and how many
    /// these are. `None` if it is not to be compared here, or is good enough.
    pub(super) fn compare(
        &self,
        trial: TrialId,
        step: Step,
        history: &History,
    ) -> Option<(Loss, Loss, usize)> {
        let trial = history.trial(trial)?;
        if !self.checks().is_due(trial, step) {
            return None;
        }
        let best = best_until(trial, step, history)?;
        let others = history.trials().iter().filter(|other| other.id() != trial.id());
        let mut others: Vec<Loss> = others
            .filter(|other| has_reached(other, step))
            .filter_map(|other| best_until(other, step, history))
            .collect();
        if others.is_empty() || others.len() < self.min_trials {
            return None;
        }
        let bound = percentile(&mut others, self.percentile);
        (best > bound).then_some((best, bound, others.len()))
    }
}

/// The percentile pruner.
#[derive(Clone, Copy, Debug, Default)]
pub struct Percentile(pub PercentileOptions);

impl Pruner for Percentile {
    fn judge(&self, trial: TrialId, step: Step, history: &History) -> Judgement {
        let Some((best, bound, count)) = self.0.compare(trial, step, history) else {
            return Judgement::go_on();
        };
        let (own, worse, bound) = (told(history, best), worse(history), value(history, bound));
        let part = self.0.percentile;
        Judgement::stop(format!(
            "{own} by step {step} is {worse} {bound}, where the best {part}% of {count} trials end"
        ))
    }
}

fn has_reached(trial: &Trial, step: Step) -> bool {
    trial.reports().last().is_some_and(|report| report.step >= step)
}

/// The percentile of the losses, between neighbours on a straight line. Not of an empty list.
fn percentile(losses: &mut [Loss], percent: f64) -> Loss {
    losses.sort_unstable();
    let place = percent.clamp(0.0, 100.0) / 100.0 * (losses.len() - 1) as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the place is from 0 to the last index"
    )]
    let below = place.floor() as usize;
    let (low, high) = (losses[below], losses[(below + 1).min(losses.len() - 1)]);
    let share = place - place.floor();
    Loss::new(between(low.get(), high.get(), share)).map_or(high, |it| it.clamp(low, high))
}

/// As `NumPy`'s `_lerp`, from the nearer end; the difference of the ends may be too large for a
/// float.
fn between(low: f64, high: f64, share: f64) -> f64 {
    let difference = high - low;
    match difference.is_finite() {
        false => low * (1.0 - share) + high * share,
        true if share < 0.5 => low + difference * share,
        true => high - difference * (1.0 - share),
    }
}

#[cfg(test)]
mod tests;
