//! What strategies know of a study's budget: what trials cost, and when nothing more is to be gained.

use serde::{Deserialize, Serialize};

use crate::{History, Origin, State, Step, Trial};

/// The part of the budget that proposals depend on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BudgetSetup {
    /// What trials cost, if proposals are to be worth it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub costs: Option<CostSetup>,
    /// After how many results in a row, none of which promises an improvement above the noise, the
    /// study ends; at least 1, `None`: it doesn't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_converged: Option<u32>,
}

impl BudgetSetup {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What trials cost, and what all of them may cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CostSetup {
    /// The unit.
    pub measure: Measure,
    /// What all trials may cost together, over all runs of the study, in that unit; `None`: their
    /// number alone is limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
}

/// How the cost of a trial is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// It is the time of its attempts, in seconds.
    Seconds,
    /// It is reported under this name, in whatever unit; the last report of a trial counts.
    Metric(String),
}

impl Measure {
    /// What a trial has cost so far, wherever it ran; 0 if it has not reported its cost. A fork counts
    /// on from what the other trial had reported where it began, and that is not its own; one whose
    /// count is lower began it anew, and what it has cost is at least 0.
    #[must_use]
    pub fn spent_by(&self, trial: &Trial, history: &History) -> f64 {
        match self {
            Self::Seconds => trial.seconds(),
            Self::Metric(name) => {
                // The result may be of an earlier report than the last.
                let last = trial.reports().iter().rev().find_map(|it| it.metrics.get(name));
                let total = last.copied().or_else(|| history.metric(trial, name));
                total.map_or(0.0, |total| (total - inherited(trial, name, history)).max(0.0))
            }
        }
    }

    /// What all trials of the study have cost so far. Those that were observed elsewhere were not
    /// paid for by it.
    #[must_use]
    pub fn spent(&self, history: &History) -> f64 {
        let own = history.trials().iter().filter(|trial| trial.origin() != Origin::Observed);
        own.map(|trial| self.spent_by(trial, history)).sum()
    }

    /// What a trial costs from its first step to its last; above 0. Of one that was cut short it is
    /// scaled up, if its last step is known. `None` where that can't be known: of trials that
    /// failed, that have not ended, or that ran elsewhere.
    #[must_use]
    pub fn whole(&self, trial: &Trial, history: &History) -> Option<f64> {
        if trial.origin() == Origin::Observed {
            return None;
        }
        let last_step = history.setup().and_then(|setup| setup.max_steps);
        let ran_until = match trial.state() {
            State::Completed => last_step,
            State::Pruned | State::Paused => {
                let last_step = last_step?;
                Some(trial.reports().last()?.step.min(last_step))
            }
            State::Waiting | State::Running | State::Failed => return None,
        };
        let steps = |until: Step| until.saturating_sub(trial.begins_after()) as f64;
        let part = last_step.zip(ran_until).map_or(1.0, |(last, until)| steps(until) / last as f64);
        let whole = self.spent_by(trial, history) / part;
        (whole > 0.0 && whole.is_finite()).then_some(whole)
    }
}

/// What the other trial of a fork had reported where the fork began.
fn inherited(trial: &Trial, name: &str, history: &History) -> f64 {
    let from = trial.fork().and_then(|fork| history.trial(fork.from));
    let mut reports = from.map_or(&[][..], Trial::reports).iter();
    let last = reports.rfind(|report| report.step <= trial.begins_after());
    last.and_then(|report| report.metrics.get(name)).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests;
