//! The trials of a study, as `temper show --json` tells of them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Lab;

/// The trials of `study.toml` by their numbers.
pub(crate) fn trials(lab: &Lab) -> BTreeMap<u64, Value> {
    let study = lab.show();
    let trials = study["trials"].as_array().expect("`trials` is a list");
    trials
        .iter()
        .map(|trial| (trial["id"].as_u64().expect("`id` is a number"), trial.clone()))
        .collect()
}

/// Those of them that have completed.
pub(crate) fn completed(lab: &Lab) -> BTreeMap<u64, Value> {
    let mut trials = trials(lab);
    trials.retain(|_, trial| trial["state"] == "completed");
    trials
}

/// Checks that the study has so many trials, numbered from 0, and that all have completed.
#[track_caller]
pub(crate) fn assert_all_completed(lab: &Lab, count: u64) -> BTreeMap<u64, Value> {
    let trials = trials(lab);
    assert!(trials.keys().copied().eq(0..count), "{:?}", trials.keys());
    for (id, trial) in &trials {
        assert_eq!(trial["state"], "completed", "trial {id}: {trial}");
    }
    trials
}

/// Checks that the trials of `before` are in `after` as they were.
#[track_caller]
pub(crate) fn assert_kept(before: &BTreeMap<u64, Value>, after: &BTreeMap<u64, Value>) {
    for (id, trial) in before {
        assert_eq!(Some(trial), after.get(id), "trial {id} has changed");
    }
}
