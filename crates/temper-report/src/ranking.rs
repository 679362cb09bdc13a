//! The order of a table of trials.

use std::cmp::Reverse;

use temper_core::{History, State, Trial};

/// All trials, best first, of a later fidelity before those of an earlier one: the completed ones that keep the constraints by their loss, then the
/// other completed ones, then those that are under way, then the pruned ones by their loss, then the
/// failed ones; equals by their numbers. A configuration that ran several times counts by the mean, and
/// what repeats a trial comes right after it.
#[must_use]
pub fn ranked(history: &History) -> Vec<&Trial> {
    let mut trials: Vec<&Trial> = history.trials().iter().collect();
    trials.sort_by_cached_key(|repeat| {
        let trial = repeat.origin().of().and_then(|of| history.trial(of)).unwrap_or(repeat);
        let is_outside = trial.state() == State::Completed && !history.is_feasible(trial);
        // A trial without a loss comes after those of its state that have one.
        let key = (group(trial.state()), is_outside, Reverse(history.fidelity(trial)));
        let loss = history.mean_loss(trial);
        (key, loss.is_none(), loss, trial.id(), repeat.id())
    });
    trials
}

fn group(state: State) -> u8 {
    match state {
        State::Completed => 0,
        State::Running | State::Paused | State::Waiting => 1,
        State::Pruned => 2,
        State::Failed => 3,
    }
}

#[cfg(test)]
mod tests {
    use temper_core::{
        Config, Event, Failure, FailureKind, Lease, Loss, Origin, Outcome, TrialId, WorkerId,
    };

    use super::*;

    #[test]
    fn completed_trials_come_first_and_the_best_of_them_first() {
        let failed = Failure::new(FailureKind::Crashed, "exit code 1");
        let completed = |loss| Outcome::completed(vec![Loss::new(loss).expect("finite")]);
        let outcomes = [
            Some(Outcome::Failed { failure: failed, retry: false }),
            Some(completed(2.0)),
            None,
            Some(Outcome::Pruned),
            Some(completed(1.0)),
        ];
        let mut history = History::new();
        for (id, outcome) in (0..).zip(outcomes) {
            let (trial, lease) = (TrialId(id), Lease(history.len()));
            let started = Event::Started {
                trial,
                config: Config::default(),
                origin: Origin::Strategy,
                seen: history.len(),
                worker: WorkerId::new("a"),
                until: None,
                fork: None,
                note: None,
                stage: None,
            };
            history.apply(&started).unwrap();
            if let Some(outcome) = outcome {
                let (seconds, peak_memory) = (1.0, None);
                let ended = Event::Finished { trial, lease, outcome, seconds, peak_memory };
                history.apply(&ended).unwrap();
            }
        }
        let order: Vec<_> = ranked(&history).iter().map(|trial| trial.id().0).collect();
        assert_eq!(order, [4, 1, 2, 3, 0]);
    }
}
