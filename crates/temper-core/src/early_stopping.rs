//! When a trial has come as far as it can.

use serde::{Deserialize, Serialize};

use crate::{Direction, Goal, History, Judgement, Report, Trial, TrialId, Verdict};

/// Ends a trial whose metric has not improved for a while; its best report is its result.
///
/// Source: Prechelt, "Early Stopping, But When?", Neural Networks: Tricks of the Trade, 1998, the
/// third class of criteria, with a margin as in Keras's `EarlyStopping`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EarlyStopping {
    /// After how many reports without an improvement the trial ends; at least 1.
    pub patience: u32,
    /// What counts as an improvement: more than this, in the metric's own unit; not negative.
    pub min_delta: f64,
    /// What is watched, and whether it should be low or high: a goal of the study, or another
    /// metric that trials report.
    pub watched: Goal,
}

impl EarlyStopping {
    /// Judges a trial by its reports so far.
    #[must_use]
    pub fn judge(&self, trial: TrialId, history: &History) -> Judgement {
        let Some(trial) = history.trial(trial) else { return Judgement::go_on() };
        let (mut best, mut best_step, mut patience) = (f64::INFINITY, 0, 0);
        for report in trial.reports() {
            // A report without the metric says nothing about it.
            let Some(loss) = self.loss(report, history) else { continue };
            // What has to be exceeded follows the last improvement that counted.
            if best - loss > self.min_delta {
                (best, best_step, patience) = (loss, report.step, 0);
            } else {
                patience += 1;
            }
        }
        if patience < self.patience {
            return Judgement::go_on();
        }
        let best = self.in_its_direction(best);
        let Self { min_delta, watched: Goal { metric, .. }, .. } = self;
        let by =
            if *min_delta > 0.0 { format!(" by more than {min_delta}") } else { String::new() };
        Judgement {
            verdict: Verdict::Complete,
            reason: format!(
                "{metric} has not improved{by} in {patience} reports since {best} at step {best_step}"
            ),
        }
    }

    /// The report that counts as the trial's result: the first of the best; `None` if the metric
    /// was never reported.
    #[must_use]
    pub fn best<'a>(&self, trial: &'a Trial, history: &History) -> Option<&'a Report> {
        let known = |report: &'a Report| Some((self.loss(report, history)?, report));
        let reports = trial.reports().iter().filter_map(known);
        reports.min_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, report)| report)
    }

    /// The watched value of a report, the lower the better.
    fn loss(&self, report: &Report, history: &History) -> Option<f64> {
        let goals = history.setup().map_or(&[][..], |setup| &setup.goals);
        let index = goals.iter().position(|goal| goal.metric == self.watched.metric);
        match index {
            Some(index) => report.losses.get(index).map(|loss| loss.get()),
            None => report.metrics.get(&self.watched.metric).map(|it| self.in_its_direction(*it)),
        }
    }

    /// Turns a value into a loss, and back.
    fn in_its_direction(&self, value: f64) -> f64 {
        match self.watched.direction {
            Direction::Minimize => value,
            Direction::Maximize => 0.0 - value,
        }
    }
}

#[cfg(test)]
mod tests;
