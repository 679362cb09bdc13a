//! What the beginning of a fork takes of other trials, and what becomes of them.

use std::iter;

use crate::{Fork, History, Refused, Remark, State, Step, Trial, TrialId, Verdict};

impl History {
    /// Whether a trial may begin with what another one has: that must not change meanwhile.
    pub(super) fn check_fork(&self, fork: Fork) -> Result<(), Refused> {
        for trial in iter::once(fork.from).chain(fork.replaces) {
            let state = self.known(trial)?.state;
            if matches!(state, State::Running | State::Waiting) {
                return Err(Refused::WrongState { trial, state });
            }
        }
        Ok(())
    }

    /// The last step that a trial has come to.
    pub(super) fn last_step(&self, trial: TrialId) -> Step {
        let trial = self.trial(trial);
        trial.map_or(0, |it| it.reports.last().map_or(it.begins_after, |report| report.step))
    }
}

/// Ends a trial that pauses, as another one takes its place.
pub(super) fn replace(trial: &mut Trial, by: TrialId) {
    if trial.state != State::Paused {
        return;
    }
    trial.state = State::Pruned;
    let step = trial.reports.last().map_or(trial.begins_after, |report| report.step);
    let reason = format!("trial {by} takes its place");
    trial.remarks.push(Remark { step, verdict: Verdict::Stop, reason });
}
