//! Which losses can be compared: those of trials that ran with the same settings.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::{Config, History, Loss, State, Step, Trial};

/// The settings that a trial ran with. Losses of one fidelity compare, those of two do not: a loss
/// at step 100 says nothing beside one at step 1000. A later one is of a later stage; trials without
/// a stage have the settings of a stage that changes none, and without such a stage the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fidelity(usize);

impl History {
    /// The settings of a stage in place of the objective's own, if there are any.
    #[must_use]
    pub fn settings_of(&self, stage: Option<u32>) -> Option<&Config> {
        let setup = self.setup.as_ref()?;
        let stage = setup.stages.get(usize::try_from(stage?).ok()?)?;
        Some(&stage.settings).filter(|settings| !settings.is_empty())
    }

    /// The fidelity of a stage's trials, or of those without a stage.
    #[must_use]
    pub fn fidelity_of(&self, stage: Option<u32>) -> Fidelity {
        let settings = self.settings_of(stage);
        let stages = self.setup.as_ref().map_or(&[][..], |setup| &setup.stages);
        let is_same = |other: &Config| match settings {
            Some(settings) => other == settings,
            None => other.is_empty(),
        };
        let last = stages.iter().rposition(|stage| is_same(&stage.settings));
        Fidelity(last.map_or(0, |last| last + 1))
    }

    /// The last stage, an index of the setup's, if there are stages.
    #[must_use]
    pub fn last_stage(&self) -> Option<u32> {
        let stages = self.setup.as_ref()?.stages.len();
        u32::try_from(stages.checked_sub(1)?).ok()
    }

    /// The fidelity of the last stage, in which the study's result is to be found; without stages that
    /// of all trials.
    #[must_use]
    pub fn last_fidelity(&self) -> Fidelity {
        self.fidelity_of(self.last_stage())
    }

    /// The fidelity of a trial.
    #[must_use]
    pub fn fidelity(&self, trial: &Trial) -> Fidelity {
        self.fidelity_of(trial.stage())
    }

    /// The fidelities of all trials, the last one first; one if there are no trials yet.
    #[must_use]
    pub fn fidelities(&self) -> Vec<Fidelity> {
        if self.has_one_fidelity() {
            return vec![self.fidelity_of(None)];
        }
        let all: BTreeSet<_> = self.trials.iter().map(|trial| self.fidelity(trial)).collect();
        all.into_iter().rev().collect()
    }

    /// The history as those see it who compare trials of one fidelity: the others, and those that
    /// only repeat a configuration, have failed without a report, and the last step is that of this
    /// fidelity.
    #[must_use]
    pub fn of_fidelity(&self, fidelity: Fidelity) -> Cow<'_, Self> {
        if self.has_one_fidelity() && self.ordinals == self.trials.len() as u64 {
            return Cow::Borrowed(self);
        }
        let mut history = self.clone();
        for (own, trial) in history.trials.iter_mut().zip(&self.trials) {
            if self.fidelity(trial) != fidelity || trial.origin.is_repeat() {
                own.reports.clear();
                own.losses.clear();
                own.state = State::Failed;
            }
        }
        if let Some(setup) = &mut history.setup {
            setup.max_steps = self.max_steps(fidelity);
        }
        Cow::Owned(history)
    }

    fn has_one_fidelity(&self) -> bool {
        let stages = self.setup.as_ref().map_or(&[][..], |setup| &setup.stages);
        stages.iter().all(|stage| stage.settings.is_empty())
    }

    /// The last step of a trial of the fidelity, if it is known: where its settings don't say, it is
    /// the study's.
    #[must_use]
    pub fn max_steps(&self, fidelity: Fidelity) -> Option<Step> {
        let setup = self.setup.as_ref()?;
        let stage = fidelity.0.checked_sub(1).and_then(|last| setup.stages.get(last));
        let own = stage.and_then(|stage| stage.settings.get("max_steps")?.as_i64());
        own.and_then(|steps| Step::try_from(steps).ok()).or(setup.max_steps)
    }

    /// The best completed trial of those that are looked at, infeasible ones last; of several
    /// fidelities the last one counts, and of several runs of a configuration their mean.
    pub fn best_of<'a>(&self, trials: impl Iterator<Item = &'a Trial>) -> Option<&'a Trial> {
        let is_result =
            |trial: &&Trial| trial.state() == State::Completed && !trial.origin.is_repeat();
        trials.filter(is_result).min_by_key(|trial| {
            let (fidelity, loss): (_, Option<Loss>) = (self.fidelity(trial), self.mean_loss(trial));
            (!self.is_feasible(trial), std::cmp::Reverse(fidelity), loss)
        })
    }
}
