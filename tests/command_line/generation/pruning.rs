//! Evaluations that end before their last item.

use serde_json::Value;

use crate::lab::trials::trials;
use crate::quiz::{ITEMS, Quiz, STUDY, lab};

const BATCH: u64 = 5;

/// How many items a trial has told of.
fn reported(trial: &Value) -> u64 {
    trial["reports"]
        .as_array()
        .and_then(|it| it.last())
        .map_or(0, |it| it["step"].as_u64().unwrap_or_default())
}

/// Runs a study of many trials under a pruner, one request after the other; returns how many items
/// each trial has told of.
fn pruned(pruner: &str) -> Vec<u64> {
    let study = STUDY
        .replace("trials = 4", "trials = 12")
        .replace("batch_size", "concurrency = 1\nbatch_size")
        .replace(
            "[space]",
            &format!("[strategy]\nname = \"random\"\n\n[pruner]\n{pruner}\n\n[space]"),
        );
    let quiz = Quiz::new();
    let lab = lab(&study, &quiz);
    lab.temper(&["run", "study.toml"]).ok();
    quiz.assert_asked_once(&lab);
    let trials = trials(&lab);
    let reported: Vec<u64> = trials.values().map(reported).collect();
    // What was asked is what was told of, and what else was in the minibatch.
    let asked: u64 = reported.iter().map(|items| items.next_multiple_of(BATCH)).sum();
    assert_eq!(quiz.answered(), asked, "{reported:?}");
    assert!(reported.iter().all(|items| *items > 0), "{reported:?}");
    assert!(reported.contains(&ITEMS), "{reported:?}");
    assert!(reported.iter().any(|items| *items < ITEMS), "{reported:?}");
    lab.temper(&["replay", "study.toml"]).ok();
    reported
}

#[test]
fn the_median_ends_evaluations_between_their_minibatches() {
    let reported =
        pruned("name = \"median\"\nmin_trials = 3\nwarmup_steps = 5\ninterval_steps = 5");
    assert!(reported.iter().all(|items| items.is_multiple_of(BATCH)), "{reported:?}");
}

#[test]
fn a_test_of_items_ends_evaluations() {
    pruned("name = \"wilcoxon\"");
}

#[test]
fn a_race_asks_further_items_of_those_that_may_still_win() {
    pruned("name = \"race\"\nmin_items = 5\nbatch = 5");
}
