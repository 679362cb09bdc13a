//! Where trials are compared of which some were cut short.
//!
//! A loss after few steps and one after many don't compare. So the losses of one level do, the lowest
//! up to a step (the last, if losses are means over items): to the last step that enough trials have
//! come to. Those that completed have come to any. What did not come as far was cut short for being
//! worse, and says nothing there.
//!
//! Source: Falkner, Klein and Hutter, "BOHB: Robust and Efficient Hyperparameter Optimization at Scale",
//! ICML 2018, section 4.1, which models the largest budget with enough observations. Forecasts of where
//! the curves that were cut short would have ended led `bayes` astray in their place
//! (`benches/peers.md`).

use temper_core::{History, Loss, State, Step, Trial};

use crate::prune::best_until;

/// The step up to which trials are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Level(Step);

/// How many trials are enough beyond one for each dimension: BOHB's `N_min` of one more, and two.
const BEYOND_DIMS: usize = 3;

impl Level {
    /// The highest with enough of the trials, all of which have ended or paused once; if there are
    /// fewer, the highest that all of them have come to. `None` if none of them reported.
    pub(super) fn of<'a>(
        trials: impl Iterator<Item = &'a Trial> + Clone,
        dims: usize,
    ) -> Option<Self> {
        let last = trials.clone().flat_map(Trial::reports).map(|report| report.step).max()?;
        let mut reached: Vec<Step> = trials.filter_map(reached).collect();
        reached.sort_unstable();
        let enough = (dims + BEYOND_DIMS).min(reached.len());
        let step = *reached.get(reached.len() - enough)?;
        Some(Self(step.min(last)))
    }

    /// The step.
    pub(super) fn step(self) -> Step {
        self.0
    }

    /// The loss of a trial there; `None` if it has not come as far, or has no reports.
    pub(super) fn loss(self, trial: &Trial, history: &History) -> Option<f64> {
        let has_come = reached(trial)? >= self.0;
        has_come.then(|| best_until(trial, self.0, history)).flatten().map(Loss::get)
    }
}

/// The last step that a trial has come to that says something by it.
fn reached(trial: &Trial) -> Option<Step> {
    match trial.state() {
        State::Completed => Some(Step::MAX),
        State::Failed => None,
        // One that runs on was paused before.
        _ => trial.reports().last().map(|report| report.step),
    }
}

#[cfg(test)]
mod tests;
