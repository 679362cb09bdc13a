//! Which trials keep the constraints.

use crate::{History, Trial};

impl History {
    /// The last value that a trial reported of a metric, in the user's direction; of a goal its
    /// result, or the last value reported.
    #[must_use]
    pub fn metric(&self, trial: &Trial, name: &str) -> Option<f64> {
        let goals = self.setup.iter().flat_map(|setup| &setup.goals);
        let goal = goals.zip(trial.losses()).find(|(goal, _)| goal.metric == name);
        goal.map(|(goal, loss)| goal.value(*loss)).or_else(|| trial.metric(name))
    }

    /// [`History::metric`] as the mean over the completed runs of the trial's configuration; `None` if
    /// there are none, or one of them has not reported it.
    #[must_use]
    pub fn mean_metric(&self, trial: &Trial, name: &str) -> Option<f64> {
        let runs: Vec<&Trial> = self.runs(trial).collect();
        let shares = runs.iter().map(|run| Some(self.metric(run, name)? / runs.len() as f64));
        shares.sum::<Option<f64>>().filter(|_| !runs.is_empty())
    }

    /// How far the trial is past the bound of each constraint, in the setup's order and the
    /// metric's own unit: above 0 where the constraint is broken; `None` where the trial has not
    /// reported the metric.
    #[must_use]
    pub fn excesses(&self, trial: &Trial) -> Vec<Option<f64>> {
        let constraints = self.setup.iter().flat_map(|setup| &setup.constraints);
        constraints
            .map(|it| self.metric(trial, it.metric()).map(|value| it.excess(value)))
            .collect()
    }

    /// [`History::excesses`] as the mean over the runs of the trial's configuration.
    #[must_use]
    pub fn mean_excesses(&self, trial: &Trial) -> Vec<Option<f64>> {
        if trial.repeats().is_empty() {
            return self.excesses(trial);
        }
        self.mean_of(&self.runs(trial).collect::<Vec<_>>())
    }

    /// The mean excesses over some trials.
    pub(crate) fn mean_of(&self, runs: &[&Trial]) -> Vec<Option<f64>> {
        let all: Vec<_> = runs.iter().map(|run| self.excesses(run)).collect();
        let count = all.first().map_or(0, Vec::len);
        let mean = |index: usize| {
            all.iter().map(|run| Some(run[index]? / all.len() as f64)).sum::<Option<f64>>()
        };
        (0..count).map(mean).collect()
    }

    /// Whether the trial keeps all constraints, as far as it has reported; a metric that was not
    /// reported breaks its constraint. A configuration that ran again keeps them in the mean.
    #[must_use]
    pub fn is_feasible(&self, trial: &Trial) -> bool {
        are_kept(&self.mean_excesses(trial))
    }
}

/// Whether no constraint is broken.
pub(crate) fn are_kept(excesses: &[Option<f64>]) -> bool {
    excesses.iter().all(|excess| excess.is_some_and(|excess| excess <= 0.0))
}

#[cfg(test)]
mod tests;
