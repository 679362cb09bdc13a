//! What is compared, and under which settings it has run.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use temper_space::Space;

use crate::{Config, History, Origin, State, Trial, TrialId};

/// The stage whose settings the runs have, if there are stages: the last one.
pub(super) fn last_stage(history: &History) -> Option<u32> {
    let stages = history.setup()?.stages.len();
    u32::try_from(stages.checked_sub(1)?).ok()
}

/// The best feasible configurations, each once, by the means of their runs in the search.
pub(super) fn chosen(
    history: &History,
    top: u32,
) -> impl Iterator<Item = (Option<TrialId>, Config)> {
    let mut completed: Vec<&Trial> = history
        .in_state(State::Completed)
        .filter(|trial| !trial.origin().is_repeat() && history.is_feasible(trial))
        .collect();
    completed.sort_by_key(|trial| {
        (Reverse(history.fidelity(trial)), history.mean_loss(trial), trial.id())
    });
    let mut keys = BTreeSet::new();
    let new = completed.into_iter().filter(move |trial| keys.insert(trial.config().key()));
    new.take(top as usize).map(|trial| (Some(trial.id()), trial.config().clone()))
}

/// The default configuration, and its trial; `None` if it failed in the search.
pub(super) fn default(space: &Space, history: &History) -> Option<(Option<TrialId>, Config)> {
    let config = space.complete(space.default_config()?).ok()?;
    let fidelity = history.fidelity_of(last_stage(history));
    let mut trials = history.trials().iter().filter(|trial| {
        !trial.origin().is_repeat()
            && *trial.config() == config
            && history.fidelity(trial) == fidelity
    });
    match trials.next() {
        Some(trial) if trial.state() == State::Failed => None,
        trial => Some((trial.map(Trial::id), config)),
    }
}

/// The trials that confirm, by the key of their configuration and the number of their seed.
pub(super) fn runs<'a>(
    history: &'a History,
    seeds: &[u32],
) -> BTreeMap<String, BTreeMap<usize, &'a Trial>> {
    let fidelity = history.fidelity_of(last_stage(history));
    let mut runs: BTreeMap<String, BTreeMap<usize, &Trial>> = BTreeMap::new();
    for trial in history.trials().iter().filter(|trial| history.fidelity(trial) == fidelity) {
        if let Origin::Confirmation { seed, .. } = trial.origin()
            && let Some(place) = seeds.iter().position(|it| *it == seed)
        {
            runs.entry(trial.config().key()).or_default().entry(place).or_insert(trial);
        }
    }
    runs
}
