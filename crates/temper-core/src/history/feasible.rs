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

    /// Whether the trial keeps all constraints, as far as it has reported; a metric that was not
    /// reported breaks its constraint.
    #[must_use]
    pub fn is_feasible(&self, trial: &Trial) -> bool {
        self.excesses(trial).iter().all(|excess| excess.is_some_and(|excess| excess <= 0.0))
    }
}

#[cfg(test)]
mod tests;
