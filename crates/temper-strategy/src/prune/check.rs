//! At which reports a pruner looks: not before the warmup, and once in each interval.

use temper_core::{Step, Trial};

use crate::registry::RegistryError;

/// When trials are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Checks {
    /// No trial is looked at before this step.
    pub(super) warmup_steps: Step,
    /// The length of an interval in steps; the first begins at `warmup_steps`.
    pub(super) interval_steps: Step,
}

impl Checks {
    /// Refuses intervals without a length.
    pub(super) fn check(self, owner: &'static str) -> Result<(), RegistryError> {
        if self.interval_steps > 0 {
            return Ok(());
        }
        let message = "`interval_steps` is 0: it must be at least 1".to_owned();
        Err(RegistryError::BadOptions { owner, message })
    }

    /// Whether the trial's report for this step is its first in an interval, as in Optuna's
    /// `_is_first_in_interval_step`.
    pub(super) fn is_due(self, trial: &Trial, step: Step) -> bool {
        let Some(after) = step.checked_sub(self.warmup_steps) else { return false };
        let begin = step - after % self.interval_steps.max(1);
        let before = trial.reports().iter().rev().map(|report| report.step).find(|it| *it < step);
        before.is_none_or(|before| before < begin)
    }
}

#[cfg(test)]
mod tests {
    use temper_core::{Direction, TrialId};

    use super::*;
    use crate::prune::curves::history_of;

    #[test]
    fn the_first_report_of_each_interval_after_the_warmup_is_due() {
        let steps = [1, 2, 3, 4, 7, 8, 13];
        let reports: Vec<_> = steps.iter().map(|step| (*step, 1.0)).collect();
        let history = history_of(Direction::Minimize, &[&reports]);
        let trial = history.trial(TrialId(0)).unwrap();
        let due = |warmup_steps, interval_steps| -> Vec<Step> {
            let checks = Checks { warmup_steps, interval_steps };
            steps.into_iter().filter(|step| checks.is_due(trial, *step)).collect()
        };
        assert_eq!(due(0, 1), steps);
        assert_eq!(due(3, 1), [3, 4, 7, 8, 13]);
        assert_eq!(due(2, 3), [2, 7, 8, 13]);
        assert_eq!(due(14, 1), [0; 0]);
    }
}
