//! What is compared, and under which settings it has run.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use temper_space::Space;

use super::Candidate;
use super::candidate::run;
use crate::history::are_kept;
use crate::{Config, Failure, History, Origin, State, Trial, TrialId};

/// The best, as the search saw them, and the default last, unless it is one of them.
pub(super) fn candidates(
    space: &Space,
    history: &History,
    top: u32,
    seeds: &[u32],
) -> Vec<Candidate> {
    let runs = runs(history, seeds);
    let candidate = |(trial, config): (Option<TrialId>, Config)| {
        let own = runs.get(&config.key());
        let trials: Vec<Option<&Trial>> =
            (0..seeds.len()).map(|seed| own?.get(&seed).copied()).collect();
        let ended = trials.iter().flatten().copied();
        let completed: Vec<&Trial> =
            ended.filter(|trial| trial.state() == State::Completed).collect();
        Candidate {
            trial,
            config,
            is_default: false,
            runs: trials.into_iter().map(run).collect(),
            is_feasible: are_kept(&history.mean_of(&completed)),
            out: None,
        }
    };
    let mut candidates: Vec<Candidate> = chosen(history, top).map(candidate).collect();
    if let Some((trial, config)) = default(space, history) {
        let known = candidates.iter().position(|it| it.config == config);
        let place = known.unwrap_or_else(|| {
            candidates.push(candidate((trial, config)));
            candidates.len() - 1
        });
        candidates[place].is_default = true;
    }
    candidates
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

/// The default configuration, and its trial; `None` if it failed in the search by what it is.
fn default(space: &Space, history: &History) -> Option<(Option<TrialId>, Config)> {
    let config = space.complete(space.default_config()?).ok()?;
    let fidelity = history.last_fidelity();
    let mut trials = history.trials().iter().filter(|trial| {
        !trial.origin().is_repeat()
            && *trial.config() == config
            && history.fidelity(trial) == fidelity
    });
    match trials.next() {
        Some(trial) if trial.failure().is_some_and(Failure::teaches) => None,
        trial => Some((trial.map(Trial::id), config)),
    }
}

/// The trials that confirm, by the key of their configuration and the number of their seed.
fn runs<'a>(history: &'a History, seeds: &[u32]) -> BTreeMap<String, BTreeMap<usize, &'a Trial>> {
    let fidelity = history.last_fidelity();
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
