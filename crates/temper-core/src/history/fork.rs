//! What the beginning of a fork takes of other trials, and what becomes of them.

use std::iter;

use crate::{Fork, History, Refused, Remark, State, Step, Trial, TrialId, Verdict};

impl History {
    /// Whether a trial may begin with what another one has: that must not change meanwhile.
    pub(super) fn check_fork(&self, fork: Fork) -> Result<(), Refused> {
        for trial in iter::once(fork.from).chain(fork.replaces) {
            let state = self.known(trial)?.state;
            if state.is_under_way() {
                return Err(Refused::WrongState { trial, state });
            }
        }
        Ok(())
    }

    /// The last step that a trial has come to.
    pub(super) fn last_step(&self, trial: TrialId) -> Step {
        self.trial(trial).map_or(0, Trial::last_step)
    }
}

/// Ends a trial that pauses, as another one takes its place.
pub(super) fn replace(trial: &mut Trial, by: TrialId) {
    if trial.state != State::Paused {
        return;
    }
    trial.state = State::Pruned;
    let step = trial.last_step();
    let reason = format!("trial {by} takes its place");
    trial.remarks.push(Remark { step, verdict: Verdict::Stop, reason });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, Event, Lease, Loss, Origin, Outcome, WorkerId};

    fn start(trial: u64, fork: Option<Fork>) -> Event {
        Event::Started {
            trial: TrialId(trial),
            config: Config::new(),
            origin: Origin::Strategy,
            seen: 0,
            worker: WorkerId::new("a"),
            until: Some(2),
            fork,
            note: None,
            stage: None,
        }
    }

    /// Trials 0 and 1 come to step 2; the first pauses there, and so does the second if it is to.
    fn history(is_second_paused: bool) -> History {
        let mut history = History::new();
        for trial in [0, 1] {
            let lease = Lease(history.len());
            let (trial, losses) = (TrialId(trial), vec![Loss::new(1.0).unwrap()]);
            history.apply(&start(trial.0, None)).unwrap();
            let metrics = Default::default();
            history.apply(&Event::Reported { trial, lease, step: 2, losses, metrics }).unwrap();
            if trial.0 == 0 || is_second_paused {
                let (outcome, seconds, peak_memory) = (Outcome::Paused, 1.0, None);
                let paused = Event::Finished { trial, lease, outcome, seconds, peak_memory };
                history.apply(&paused).unwrap();
            }
        }
        history
    }

    fn copy_of_the_second() -> Event {
        start(2, Some(Fork { from: TrialId(1), replaces: Some(TrialId(0)) }))
    }

    #[test]
    fn a_fork_begins_where_the_other_is_ends_whom_it_replaces_and_costs_no_trial() {
        let mut history = history(true);
        history.apply(&copy_of_the_second()).unwrap();
        assert_eq!((history.trials().len(), history.tried()), (3, 2));
        let fork = history.trial(TrialId(2)).unwrap();
        assert_eq!((fork.begins_after(), fork.has_begun()), (2, false));
        let replaced = history.trial(TrialId(0)).unwrap();
        assert_eq!(
            (replaced.state(), replaced.reason()),
            (State::Pruned, Some("trial 2 takes its place"))
        );
        let (trial, lease) = (TrialId(2), Lease(history.len() - 1));
        let (step, verdict, reason) = (2, Verdict::Continue, "it has a copy".to_owned());
        history.apply(&Event::Judged { trial, lease, step, verdict, reason }).unwrap();
        assert!(history.trial(trial).unwrap().has_begun());
    }

    #[test]
    fn a_trial_that_runs_can_not_be_forked() {
        let mut history = history(false);
        let refused = history.apply(&copy_of_the_second());
        let (trial, state) = (TrialId(1), State::Running);
        assert_eq!(refused, Err(Refused::WrongState { trial, state }));
        let unknown = history.apply(&start(2, Some(Fork::of(TrialId(9)))));
        assert_eq!(unknown, Err(Refused::UnknownTrial { trial: TrialId(9) }));
    }
}
