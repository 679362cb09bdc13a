//! How losses of one fidelity are seen beside those of another.
//!
//! After 100 steps a loss is higher than after 1000 with whatever configuration, so the numbers as
//! they are would teach that the later stage is better, and not where. Where a configuration has
//! completed at both fidelities, the difference of its losses (the mean of them, of several such
//! configurations) is added to all losses of the one fidelity: what they teach is their differences
//! among each other.

use std::collections::{BTreeMap, BTreeSet};

use temper_core::{Fidelity, History, State, Trial};

/// What is added to the losses of each fidelity, one number per goal. The losses of a fidelity that
/// is not in it can't be compared.
pub(super) type Levels = BTreeMap<Fidelity, Vec<f64>>;

/// What to add to losses so that they stand beside those of `base`.
pub(super) fn levels(history: &History, base: Fidelity) -> Levels {
    let goals = history.setup().map_or(1, |setup| setup.goals.len());
    let results = results(history);
    let mut levels = Levels::from([(base, vec![0.0; goals])]);
    // Each fidelity by the nearest later one that is known, and then those that follow from it.
    loop {
        let next = results.keys().rev().filter(|it| !levels.contains_key(it)).find_map(|it| {
            levels.iter().rev().find_map(|(known, level)| {
                let difference = difference(&results[it], results.get(known)?)?;
                Some((*it, level.iter().zip(difference).map(|(one, other)| one + other).collect()))
            })
        });
        let Some((fidelity, level)) = next else { return levels };
        levels.insert(fidelity, level);
    }
}

/// The first result of each configuration, by its key, at each fidelity.
type Results = BTreeMap<Fidelity, BTreeMap<String, Vec<f64>>>;

fn results(history: &History) -> Results {
    let mut results = Results::new();
    let completed = history.in_state(State::Completed);
    for trial in completed.filter(|trial| !trial.origin().is_repeat()) {
        let of_fidelity = results.entry(history.fidelity(trial)).or_default();
        let losses = || history.mean_losses(trial).iter().map(|loss| loss.get()).collect();
        of_fidelity.entry(trial.config().key()).or_insert_with(losses);
    }
    results
}

/// By how much the second losses are above the first, on average over what is in both.
fn difference(
    one: &BTreeMap<String, Vec<f64>>,
    other: &BTreeMap<String, Vec<f64>>,
) -> Option<Vec<f64>> {
    let pairs: Vec<_> =
        one.iter().filter_map(|(key, losses)| Some((losses, other.get(key)?))).collect();
    let goals = pairs.first()?.0.len();
    let count = pairs.len() as f64;
    let mean = |goal: usize| {
        pairs.iter().filter_map(|(one, other)| Some(other.get(goal)? - one.get(goal)?)).sum::<f64>()
            / count
    };
    Some((0..goals).map(mean).collect())
}

/// The trial by which the stage's fidelity was compared with those before: the first that repeats a
/// configuration that has completed at another one.
pub(super) fn anchor(history: &History, fidelity: Fidelity) -> Option<&Trial> {
    let completed = history.in_state(State::Completed);
    let elsewhere: BTreeSet<_> = completed
        .filter(|trial| history.fidelity(trial) != fidelity)
        .map(|trial| trial.config().key())
        .collect();
    if elsewhere.is_empty() {
        return None;
    }
    let mut trials = history.trials().iter().filter(|trial| history.fidelity(trial) == fidelity);
    trials.find(|trial| elsewhere.contains(&trial.config().key()))
}
