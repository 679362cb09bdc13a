//! Further runs of the configurations that completed, while the search goes on.

use crate::{History, Next, Origin, State, TrialId, trial_seed};

/// The next run of a completed trial's configuration that has not had as many as the study wants:
/// the oldest first. Runs count when they begin, however they end. What was observed elsewhere is
/// not run again.
pub(crate) fn repeat(history: &History) -> Option<Next> {
    let setup = history.setup()?;
    let wanted = usize::try_from(setup.repeat?).ok()?;
    let mut completed = history.in_state(State::Completed);
    let trial = completed.find(|it| it.origin().counts() && it.repeats().len() + 1 < wanted)?;
    let own = TrialId(history.trials().len() as u64);
    Some(Next::Repeat {
        config: trial.config().clone(),
        // In 31 bits: some programs read a signed number.
        origin: Origin::Repeat { of: trial.id(), seed: trial_seed(setup.seed, own) >> 1 },
        note: Some(format!(
            "run {} of {wanted} of trial {}",
            trial.repeats().len() + 2,
            trial.id()
        )),
        stage: trial.stage(),
    })
}
