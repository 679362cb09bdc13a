//! What the runs of a configuration add up to, and which is best by it.

use std::borrow::Cow;
use std::cmp::Reverse;

use crate::{History, Loss, Sample, State, Trial, TrialId};

impl History {
    /// How many trials have begun that do not repeat another one's configuration.
    #[must_use]
    pub fn begun(&self) -> u64 {
        self.ordinals
    }

    /// How many trials without the repeats began before that one.
    #[must_use]
    pub fn ordinal(&self, trial: TrialId) -> u64 {
        self.trial(trial).map_or(self.ordinals, |trial| trial.ordinal)
    }

    /// The completed runs of the trial's configuration in the search: the trial itself, if it has
    /// completed, and its repeats. Runs that confirm are none of them, for they are to be compared
    /// with each other alone.
    pub fn runs<'a>(&'a self, trial: &'a Trial) -> impl Iterator<Item = &'a Trial> {
        let repeats = trial.repeats().iter().filter_map(|id| self.trial(*id));
        std::iter::once(trial).chain(repeats).filter(|run| run.state() == State::Completed)
    }

    /// One loss per goal: the mean over the runs of the trial's configuration, or of a trial that
    /// did not complete what it reported last.
    #[must_use]
    pub fn mean_losses(&self, trial: &Trial) -> Vec<Loss> {
        if trial.repeats().is_empty() {
            return trial.losses().to_vec();
        }
        let runs: Vec<&[Loss]> = self.runs(trial).map(Trial::losses).collect();
        if runs.is_empty() {
            return trial.losses().to_vec();
        }
        let goals = runs.iter().map(|losses| losses.len()).min().unwrap_or(0);
        let mean = |goal: usize| {
            // Halves of finite numbers don't overflow where their sum would.
            let mean: f64 = runs.iter().map(|losses| losses[goal].get() / runs.len() as f64).sum();
            Loss::new(mean).unwrap_or(runs[0][goal])
        };
        (0..goals).map(mean).collect()
    }

    /// The primary one of [`History::mean_losses`].
    #[must_use]
    pub fn mean_loss(&self, trial: &Trial) -> Option<Loss> {
        if trial.repeats().is_empty() {
            return trial.loss();
        }
        self.mean_losses(trial).first().copied()
    }

    /// The completed trial with the lowest primary loss among those that keep all constraints; of
    /// equals the first. Losses of another fidelity don't compare: the last fidelity of which one
    /// completed counts alone. A configuration that ran several times counts by the mean, and is
    /// named by its first trial.
    #[must_use]
    pub fn best(&self) -> Option<&Trial> {
        let completed = self.in_state(State::Completed);
        completed
            .filter(|trial| !trial.origin.is_repeat() && self.is_feasible(trial))
            .min_by_key(|trial| (Reverse(self.fidelity(trial)), self.mean_loss(trial)))
    }

    /// The primary losses of the completed runs of the trial's configuration; `None` if there are
    /// none.
    #[must_use]
    pub fn sample(&self, trial: &Trial) -> Option<Sample> {
        let losses: Vec<f64> = self.runs(trial).filter_map(Trial::loss).map(Loss::get).collect();
        Sample::of(&losses)
    }

    /// Whether all further runs that the study wants of a completed trial are over.
    #[must_use]
    pub fn has_all_runs(&self, trial: &Trial) -> bool {
        let wanted = self.setup.as_ref().and_then(|setup| setup.repeat).unwrap_or(1);
        let mut repeats = trial.repeats().iter().filter_map(|id| self.trial(*id));
        !trial.origin().counts()
            || (trial.repeats().len() as u64 + 1 >= wanted.into()
                && repeats.all(|run| run.state().is_final()))
    }

    /// The completed trials of which the study wants further runs that are not over: what their
    /// configurations are worth is not known yet.
    pub fn unsettled(&self) -> impl Iterator<Item = &Trial> {
        self.in_state(State::Completed).filter(|trial| !self.has_all_runs(trial))
    }

    /// The history as if the trials that are not settled had failed.
    #[must_use]
    pub fn settled(&self) -> Cow<'_, Self> {
        let unsettled: Vec<TrialId> = self.unsettled().map(Trial::id).collect();
        if unsettled.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut history = self.clone();
        for trial in unsettled {
            history.change(trial, |trial| trial.state = State::Failed);
        }
        Cow::Owned(history)
    }

    /// The loss of the best configuration, if it is as good as the target. One that has yet to be run
    /// again may have been lucky, and losses with other settings than the last stage's say nothing.
    #[must_use]
    pub fn reached(&self, target: Loss) -> Option<Loss> {
        let best = self.best().filter(|best| self.fidelity(best) == self.last_fidelity())?;
        let loss = self.mean_loss(best).filter(|_| self.has_all_runs(best))?;
        (loss <= target).then_some(loss)
    }

    /// Whether the best configuration is as good as the study needs, where it is to be confirmed then.
    #[must_use]
    pub fn target_is_reached(&self) -> bool {
        let target = self.setup.as_ref().and_then(|setup| setup.confirm?.target);
        target.is_some_and(|target| self.reached(target).is_some())
    }
}
