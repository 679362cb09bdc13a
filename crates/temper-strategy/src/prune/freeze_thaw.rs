//! Forecasts where each curve ends, and gives the next steps to the trial with the best chance to
//! win for each of them.
//!
//! The pruner for curves that look alike, as those of one model do: it learns from all of them how
//! far a loss falls, and needs no rungs. A trial goes on while its chance to end below the best
//! loss of the others, divided by the steps that it still has to run, is at least that of a trial
//! that has not begun. With `mode = "promote"` a trial that falls behind pauses, and goes on when
//! its chance is the best again.
//!
//! Sources: Swersky, Snoek and Adams, "Freeze-Thaw Bayesian Optimization", arXiv:1406.3896, 2014;
//! Domhan, Springenberg and Hutter, IJCAI 2015, for the chance to beat the best. The forecasts are
//! those of `forecast.rs`.

mod forecast;

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};
use temper_core::{
    History, Intake, Judgement, Loss, Promotion, Pruner, Setup, State, Step, Trial, TrialId,
};

use self::forecast::{Curves, Forecast};
use super::halving::Mode;
use super::{lowest_until, value};
use crate::registry::{Entry, RegistryError, read_options};

const NAME: &str = "freeze_thaw";

pub(crate) const ENTRY: Entry<dyn Pruner> = Entry {
    name: NAME,
    summary: "forecasts where curves end; the best chance to win goes on, others stop or pause",
    build: |options| {
        let options: FreezeThawOptions = read_options(NAME, options)?;
        options.check()?;
        Ok(Box::new(FreezeThaw(options)))
    },
};

/// How `freeze_thaw` decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FreezeThawOptions {
    /// No trial is judged before so many others have reported. Default: 3.
    pub min_trials: usize,
    /// No trial is judged before this step. Default: 0.
    pub warmup_steps: Step,
    /// How far a trial runs before it pauses, where it does. Default: a sixteenth of the last step.
    pub slice_steps: Option<Step>,
    /// Whether trials are stopped or paused. Default: `stop`.
    pub mode: Mode,
}

impl Default for FreezeThawOptions {
    fn default() -> Self {
        Self { min_trials: 3, warmup_steps: 0, slice_steps: None, mode: Mode::Stop }
    }
}

/// How many slices there are to a whole trial, unless it is said how long they are.
const SLICES: Step = 16;

/// Once no more trials begin, those that wait go on while their chance to win is at least this: the
/// usual level of significance.
const CHANCE: f64 = 0.05;

impl FreezeThawOptions {
    fn check(&self) -> Result<(), RegistryError> {
        if self.slice_steps == Some(0) {
            let message = "`slice_steps` is 0: it must be at least 1".to_owned();
            return Err(RegistryError::BadOptions { owner: NAME, message });
        }
        Ok(())
    }

    fn slice(&self, history: &History) -> Option<Step> {
        let max_steps = history.setup().and_then(|setup| setup.max_steps);
        self.slice_steps.or_else(|| max_steps.map(|max| max.div_ceil(SLICES)))
    }
}

/// The pruner that forecasts.
#[derive(Clone, Copy, Debug, Default)]
pub struct FreezeThaw(pub FreezeThawOptions);

/// What a trial promises.
struct Prospect {
    /// The forecast of its lowest loss.
    end: Forecast,
    /// The lowest loss of the others.
    best: f64,
    chance: f64,
    /// Its chance for each step that is left, and that of a new trial.
    rate: f64,
    new_rate: f64,
}

impl FreezeThaw {
    /// What the trial promises; `None` if that can't be said yet, or if it is at its end.
    fn prospect(&self, curves: &Curves, trial: &Trial, history: &History) -> Option<Prospect> {
        let step = trial.reports().last()?.step;
        let left = curves.last().checked_sub(step).filter(|left| *left > 0)?;
        let others = || {
            let reported = |other: &&Trial| !other.reports().is_empty();
            history.trials().iter().filter(|it| it.id() != trial.id()).filter(reported)
        };
        if others().count() < self.0.min_trials {
            return None;
        }
        // How the way goes on from here, only these tell.
        let ahead = others().filter(|it| it.reports().last().is_some_and(|it| it.step > step));
        let ahead = ahead.count() as f64;
        let best = others().filter_map(lowest).fold(f64::INFINITY, f64::min);
        let chance = |end: Forecast| chance_below(best, end, ahead);
        let end = curves.end_of(trial);
        let (own, new) = (chance(end)?, chance(curves.end_of_new())?);
        let (rate, new_rate) = (own / left as f64, new / curves.last() as f64);
        Some(Prospect { end, best, chance: own, rate, new_rate })
    }
}

impl Pruner for FreezeThaw {
    fn judge(&self, trial: TrialId, step: Step, history: &History) -> Judgement {
        let prospect = |trial: &Trial| {
            let curves = Curves::learn(history)?;
            self.prospect(&curves, trial, history)
        };
        let is_due = self.0.mode == Mode::Stop && step >= self.0.warmup_steps;
        let Some(trial) = history.trial(trial).filter(|_| is_due) else {
            return Judgement::go_on();
        };
        match prospect(trial) {
            // Whatever the forecast, the best so far at a step shows how it goes on from there.
            Some(prospect) if prospect.rate < prospect.new_rate && !leads(trial, step, history) => {
                Judgement::stop(prospect.told(step, history))
            }
            _ => Judgement::go_on(),
        }
    }

    fn until(&self, _: TrialId, history: &History) -> Option<Step> {
        match self.0.mode {
            Mode::Stop => None,
            Mode::Promote => self.0.slice(history).map(|slice| slice.max(self.0.warmup_steps)),
        }
    }

    fn promote(&self, history: &History, intake: Intake) -> Option<Promotion> {
        if self.0.mode == Mode::Stop || history.in_state(State::Paused).next().is_none() {
            return None;
        }
        let curves = Curves::learn(history);
        let prospect = |trial: &Trial| self.prospect(curves.as_ref()?, trial, history);
        let reported = history.trials().iter().filter(|trial| !trial.reports().is_empty());
        let are_enough = reported.clone().count() > self.0.min_trials;
        let best = reported.filter_map(lowest).fold(f64::INFINITY, f64::min);
        let under_way = |it: &Trial| it.state().is_under_way();
        let has_result = history.in_state(State::Completed).next().is_some();
        let needs_one = !has_result && !history.trials().iter().any(under_way);
        let is_worth = |(trial, prospect): &(&Trial, Option<Prospect>)| match (prospect, intake) {
            (_, Intake::Closed) if needs_one => true,
            (Some(it), Intake::Open) => it.rate >= it.new_rate,
            (Some(it), Intake::Closed) => it.chance >= CHANCE,
            // Nobody knows yet how it goes on from here: the best one finds out.
            (None, Intake::Open) => are_enough && lowest(trial) == Some(best),
            (None, Intake::Closed) => lowest(trial) == Some(best),
        };
        let paused = history.in_state(State::Paused).map(|trial| (trial, prospect(trial)));
        let (trial, prospect) = paused.filter(is_worth).max_by(by_rate)?;
        let step = trial.reports().last().map_or(0, |report| report.step);
        let next = self.0.slice(history).map(|slice| step.saturating_add(slice));
        let max_steps = history.setup().and_then(|setup| setup.max_steps);
        let until = next.filter(|next| max_steps.is_none_or(|max| *next < max));
        let reason = match prospect {
            Some(prospect) => prospect.told(step, history),
            None => format!("no trial has a better loss by step {step}"),
        };
        Some(Promotion { trial: trial.id(), until, reason })
    }

    fn suits(&self, setup: &Setup) -> Result<(), String> {
        match (self.0.mode, self.0.slice_steps, setup.max_steps) {
            (Mode::Promote, None, None) => {
                Err("`slice_steps` is needed where the last step is not known".to_owned())
            }
            _ => Ok(()),
        }
    }
}

impl Prospect {
    /// The reason for what becomes of the trial.
    fn told(&self, step: Step, history: &History) -> String {
        let turned = |loss: f64| Loss::new(loss).map(|loss| value(history, loss));
        let told = |loss: f64| turned(loss).map_or_else(|_| "?".to_owned(), short);
        let times = self.rate / self.new_rate;
        format!(
            "by step {step} it is forecast to reach {} +- {} where {} is the best: a chance of {:.1} %, per step \
             left {} times a new trial's",
            told(self.end.mean),
            short(self.end.deviation),
            told(self.best),
            self.chance * 100.0,
            short(times),
        )
    }
}

/// The higher rate, then the lower loss, then the older trial.
fn by_rate(
    (one, own): &(&Trial, Option<Prospect>),
    (other, theirs): &(&Trial, Option<Prospect>),
) -> std::cmp::Ordering {
    let rate = |it: &Option<Prospect>| it.as_ref().map_or(-1.0, |it| it.rate);
    let loss = |trial: &Trial| lowest(trial).unwrap_or(f64::INFINITY);
    (rate(own).total_cmp(&rate(theirs)))
        .then_with(|| loss(other).total_cmp(&loss(one)))
        .then_with(|| other.id().cmp(&one.id()))
}

/// Whether no other trial had a lower loss by this step.
fn leads(trial: &Trial, step: Step, history: &History) -> bool {
    let own = lowest_until(trial, step);
    let all = history.trials().iter().filter_map(|other| lowest_until(other, step));
    all.min() == own
}

fn lowest(trial: &Trial) -> Option<f64> {
    lowest_until(trial, Step::MAX).map(Loss::get)
}

/// The chance of a loss below `best`, by Student's distribution: how curves go on is known from
/// `ahead` of them; `None` if from none.
fn chance_below(best: f64, end: Forecast, ahead: f64) -> Option<f64> {
    let spread = (end.deviation * (1.0 + 1.0 / ahead).sqrt()).max(f64::MIN_POSITIVE);
    let student = StudentsT::new(0.0, 1.0, ahead).ok()?;
    let deviate = (best - end.mean) / spread;
    deviate.is_finite().then(|| student.cdf(deviate))
}

/// Four digits.
fn short(number: f64) -> String {
    let digits = 3 - number.abs().log10().floor().clamp(-9.0, 3.0) as i32;
    format!("{number:.*}", digits.max(0) as usize)
}

#[cfg(test)]
mod tests;
