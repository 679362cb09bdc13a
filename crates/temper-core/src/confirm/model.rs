//! Which trial has the model of a configuration that is compared.

use temper_space::Space;

use super::choice::candidates;
use super::{Candidate, Confirmation, Run, common_seeds};
use crate::{History, State, Trial, TrialId};

impl Candidate {
    /// The trial that stands for it: the one by which it was chosen, if that came to its end with the
    /// settings of the last stage, or else the first of its runs that did.
    #[must_use]
    pub fn model<'a>(&self, history: &'a History) -> Option<&'a Trial> {
        let is_whole = |trial: &&Trial| {
            trial.state() == State::Completed && history.fidelity(trial) == history.last_fidelity()
        };
        let chosen = self.trial.and_then(|id| history.trial(id)).filter(is_whole);
        chosen.or_else(|| {
            self.runs.iter().find_map(|run| match run {
                Run::Completed(trial, _) => history.trial(*trial),
                Run::Due | Run::Open(_) | Run::Failed(_) | Run::Lost(_) => None,
            })
        })
    }
}

impl Confirmation {
    /// The trial that stands for the winner, once there is one.
    #[must_use]
    pub fn best<'a>(&self, history: &'a History) -> Option<&'a Trial> {
        self.candidates[self.winner()?].model(history)
    }

    /// The trials that stand for those who may yet win, as far as the search has come, or for the
    /// winner once the comparison is over; none if the study wants none.
    #[must_use]
    pub fn models(space: &Space, history: &History) -> Vec<TrialId> {
        let Some((setup, confirm)) = history.setup().and_then(|it| Some((it, it.confirm?))) else {
            return Vec::new();
        };
        if let Some(confirmation) = Self::of(space, history).filter(Self::is_over) {
            return confirmation.best(history).map(Trial::id).into_iter().collect();
        }
        let seeds = common_seeds(setup.seed, confirm.seeds as usize);
        let candidates = candidates(space, &history.settled(), confirm.top, &seeds);
        candidates.iter().filter_map(|it| it.model(history).map(Trial::id)).collect()
    }
}
