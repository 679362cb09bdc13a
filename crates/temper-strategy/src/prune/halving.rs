//! Successive halving without waiting: the rungs, and who goes on from each.
//!
//! A trial comes to a rung with its first report at or after the rung's step. What counts there is
//! its lowest loss up to that report, or the last where losses are means over items. Of `n` trials that came to a rung, the best `n / eta` go on.
//! Nobody waits for the others of a rung: who is among the best of those that came so far goes on.
//!
//! Source: Li et al., "A System for Massively Parallel Hyperparameter Tuning", `MLSys` 2020,
//! algorithm 2; the form that stops instead of pausing as in section 3.2 of its first version,
//! arXiv:1810.05934, and in Ray Tune and Optuna.

use std::num::NonZeroU32;

use super::{best_of, told, value};
use serde::{Deserialize, Serialize};
use temper_core::{History, Intake, Judgement, Loss, Promotion, State, Step, Trial, TrialId};

/// What becomes of a trial that is not among the best of its rung.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It is stopped.
    #[default]
    Stop,
    /// It pauses, as all do, and goes on from its checkpoint if it is among the best later.
    Promote,
}

/// Where trials are compared, and how many go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Halving {
    /// The steps of the rungs, ascending; the end of a trial is none of them.
    pub(crate) rungs: Vec<Step>,
    /// Of how many trials one goes on: at least 2.
    pub(crate) eta: u32,
}

/// How many rungs there are below the last step, unless the first one is given: of 27 steps, 1, 3
/// and 9.
pub(crate) const RUNGS: u32 = 3;

impl Halving {
    /// Rungs at `max_steps / eta`, `max_steps / eta^2` and so on, rounded up, down to `min_steps`;
    /// without `max_steps`, at `min_steps` (1 if it isn't given), `min_steps * eta` and so on.
    pub(crate) fn new(min_steps: Option<Step>, eta: NonZeroU32, max_steps: Option<Step>) -> Self {
        let eta = eta.get().max(2);
        let rungs = match max_steps {
            Some(max) => down(max, min_steps, eta),
            None => up(min_steps.unwrap_or(1), eta),
        };
        Self { rungs, eta }
    }

    /// Judges a trial that came to a rung with its report for this step by those that were there
    /// before; `is_rival` says who is compared.
    pub(crate) fn judge(
        &self,
        trial: TrialId,
        step: Step,
        history: &History,
        is_rival: &dyn Fn(TrialId) -> bool,
    ) -> Judgement {
        let Some(trial) = history.trial(trial) else { return Judgement::go_on() };
        let before = trial.reports().iter().rev().map(|it| it.step).find(|it| *it < step);
        let passed = |rung: &&Step| **rung <= step && before.is_none_or(|before| before < **rung);
        let Some(rung) = self.rungs.iter().rev().find(passed).copied() else {
            return Judgement::go_on();
        };
        let there = standings(history, rung, is_rival);
        let place = place_of(trial.id(), &there);
        let quota = self.quota(there.len()).max(1);
        // Whose report it is has come to the rung.
        if place < quota || place == there.len() {
            return Judgement::go_on();
        }
        let count = there.len();
        let last = value(history, there[quota - 1].0);
        let own = told(history, there[place].0);
        Judgement::stop(format!(
            "{own} by step {step} is not among the best {quota} of {count} at step {rung}: up to {last}"
        ))
    }

    /// The paused trial that goes on next: the best of the highest rung where one is due.
    pub(crate) fn promote(
        &self,
        history: &History,
        intake: Intake,
        is_rival: &dyn Fn(TrialId) -> bool,
    ) -> Option<Promotion> {
        let due = |is_last_resort: bool| {
            (0..self.rungs.len()).rev().find_map(|index| {
                let rung = self.rungs[index];
                let there = standings(history, rung, is_rival);
                let quota = match is_last_resort {
                    false => self.quota(there.len()),
                    true => usize::from(!may_grow(history, rung, is_rival)),
                };
                // Then who failed leaves its place to the next.
                let counts = |(_, id): &&(Loss, TrialId)| {
                    !is_last_resort || history.trial(*id).is_some_and(may_win)
                };
                let waits = |(_, id): &&(Loss, TrialId)| {
                    history.trial(*id).is_some_and(|trial| waits_at(trial, rung))
                };
                let (loss, trial) = *there.iter().filter(counts).take(quota).find(waits)?;
                let (own, place, count) =
                    (told(history, loss), place_of(trial, &there) + 1, there.len());
                Some(Promotion {
                    trial,
                    until: self.rungs.get(index + 1).copied(),
                    reason: format!("{own} is place {place} of {count} at step {rung}"),
                })
            })
        };
        match intake {
            Intake::Open => due(false),
            Intake::Closed => due(false).or_else(|| due(true)),
        }
    }

    /// How many of so many go on.
    fn quota(&self, count: usize) -> usize {
        count / self.eta as usize
    }
}

fn down(max_steps: Step, min_steps: Option<Step>, eta: u32) -> Vec<Step> {
    let eta = Step::from(eta);
    let least = min_steps.unwrap_or_else(|| max_steps.div_ceil(eta.saturating_pow(RUNGS))).max(1);
    let mut rungs = Vec::new();
    let mut divisor = eta;
    loop {
        let rung = max_steps.div_ceil(divisor);
        if rung < least || rung >= max_steps || rungs.last() == Some(&rung) {
            break;
        }
        rungs.push(rung);
        divisor = divisor.saturating_mul(eta);
    }
    rungs.reverse();
    rungs
}

fn up(min_steps: Step, eta: u32) -> Vec<Step> {
    let next = |rung: &Step| rung.checked_mul(Step::from(eta));
    std::iter::successors(Some(min_steps.max(1)), next).collect()
}

/// The trials that came to the rung with what counts of them, the best first; of equals the older.
fn standings(
    history: &History,
    rung: Step,
    is_rival: &dyn Fn(TrialId) -> bool,
) -> Vec<(Loss, TrialId)> {
    let trials = history.trials().iter().filter(|trial| is_rival(trial.id()));
    let mut there: Vec<_> =
        trials.filter_map(|trial| Some((loss_at(trial, rung, history)?, trial.id()))).collect();
    there.sort_unstable();
    there
}

fn place_of(trial: TrialId, there: &[(Loss, TrialId)]) -> usize {
    there.iter().position(|(_, id)| *id == trial).unwrap_or(there.len())
}

/// What counts of the trial at the rung, if it came so far: up to the first report at or after it.
fn loss_at(trial: &Trial, rung: Step, history: &History) -> Option<Loss> {
    let reports = trial.reports();
    let end = reports.iter().position(|report| report.step >= rung)?;
    best_of(&reports[..=end], history)
}

/// Whether the trial paused at this rung and was not promoted since.
fn waits_at(trial: &Trial, rung: Step) -> bool {
    trial.state() == State::Paused && trial.until() == Some(rung)
}

/// Whether the trial has a result or may still get one.
fn may_win(trial: &Trial) -> bool {
    !matches!(trial.state(), State::Failed | State::Pruned)
}

/// Whether a trial that was begun may still come to the rung: one that runs or will be tried again.
/// Those that are paused below are promoted first or not at all.
fn may_grow(history: &History, rung: Step, is_rival: &dyn Fn(TrialId) -> bool) -> bool {
    let mut trials = history.trials().iter().filter(|trial| is_rival(trial.id()));
    trials.any(|trial| trial.state().is_under_way() && loss_at(trial, rung, history).is_none())
}

#[cfg(test)]
mod tests;
