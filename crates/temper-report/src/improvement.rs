//! How much better the best trial is than the default configuration.

use temper_core::{Goal, History, Origin, State, Trial};

/// The best trial's value beside the default configuration's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Improvement {
    /// The best value.
    pub best: f64,
    /// The value of the default configuration.
    pub default: f64,
}

impl Improvement {
    /// Compares; `None` if the study has no default configuration, or it did not complete or keep
    /// the constraints, at the fidelity of the best trial.
    #[must_use]
    pub fn of(history: &History, goal: &Goal) -> Option<Self> {
        let best = history.best()?;
        let is_default = |trial: &&Trial| trial.origin() == Origin::Default;
        let default = history.trials().iter().find(is_default)?.config();
        let default = history
            .in_state(State::Completed)
            .filter(|trial| history.fidelity(trial) == history.fidelity(best))
            .find(|trial| trial.config() == default && history.is_feasible(trial))
            .and_then(|trial| history.mean_loss(trial))?;
        let best = history.mean_loss(best)?;
        Some(Self { best: goal.value(best), default: goal.value(default) })
    }

    /// How far apart the two are, as a share of the default's value; `None` if that is 0.
    #[must_use]
    pub fn relative(self) -> Option<f64> {
        let share = (self.best - self.default).abs() / self.default.abs();
        share.is_finite().then_some(share)
    }
}
