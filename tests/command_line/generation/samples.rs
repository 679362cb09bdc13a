//! Several answers to one question.

use crate::lab::trials::{assert_all_completed, trials};
use crate::quiz::{ITEMS, Quiz, STUDY, TOKENS, lab, ledger};

#[test]
fn each_item_is_asked_as_often_as_there_are_samples_but_for_greedy_settings() {
    let quiz = Quiz::new();
    let study = STUDY
        .replace("batch_size", "samples = 3\nbatch_size")
        .replace("trials = 4", "trials = 2")
        .replace(
            "{ type = \"float\", low = 0.1, high = 1.5, default = 1.0 }",
            "{ type = \"choice\", values = [0.0, 0.8], default = 0.8 }",
        );
    let lab = lab(&study, &quiz);
    let grid = "[strategy]\nname = \"grid\"\n\n[space]";
    lab.write("study.toml", &lab.read("study.toml").replace("[space]", grid));
    lab.temper(&["run", "study.toml"]).ok();
    for trial in assert_all_completed(&lab, 2).values() {
        let is_greedy = trial["params"]["temperature"] == 0.0;
        let last = &trial["reports"][19];
        let requests = if is_greedy { ITEMS } else { 3 * ITEMS };
        assert_eq!(last["spent_requests"], requests as f64, "{trial}");
        // The model says the same each time.
        assert_eq!(last["exact_match_noise"], 0.0, "{trial}");
    }
    assert_eq!((quiz.answered(), ledger(&lab).requests), (4 * ITEMS, 4 * ITEMS));
}

#[test]
fn a_configuration_that_runs_again_asks_for_other_samples() {
    let quiz = Quiz::new();
    let study =
        STUDY.replace("seed = 1", "seed = 1\nrepeat = 2").replace("trials = 4", "trials = 2");
    let lab = lab(&study, &quiz);
    lab.temper(&["run", "study.toml"]).ok();
    assert_eq!(assert_all_completed(&lab, 4).len(), 4, "two of two");
    assert_eq!((quiz.answered(), ledger(&lab).requests), (4 * ITEMS, 4 * ITEMS));
    lab.temper(&["replay", "study.toml"]).ok();
}

#[test]
fn samples_with_a_seed_have_seeds_of_their_own() {
    let quiz = Quiz::new();
    let study = STUDY.replace("batch_size", "seed = 7\nsamples = 2\nbatch_size");
    let lab = lab(&study.replace("trials = 4", "trials = 1"), &quiz);
    lab.temper(&["run", "study.toml"]).ok();
    quiz.assert_asked_once(&lab);
    let seeds = quiz.server.seen().into_iter().map(|seen| seen.body["seed"].clone());
    let seeds: std::collections::BTreeSet<_> = seeds.map(|seed| seed.as_i64()).collect();
    assert_eq!(seeds.into_iter().collect::<Vec<_>>(), [Some(7), Some(8)]);
}

#[test]
fn a_stage_has_settings_of_its_own() {
    let quiz = Quiz::new();
    let stages = "[[stage]]\nname = \"coarse\"\ntrials = 2\n\n[[stage]]\nname = \"fine\"\n\
                  settings = { samples = 2 }\n\n[space]";
    let lab = lab(&STUDY.replace("[space]", stages), &quiz);
    lab.temper(&["run", "study.toml"]).ok();
    let trials = assert_all_completed(&lab, 4);
    let tokens = trials.values().map(|trial| trial["reports"][19]["tokens"].as_f64());
    let expected = [1, 1, 2, 2].map(|samples| Some((samples * ITEMS * TOKENS) as f64));
    assert!(tokens.eq(expected), "{trials:?}");
    lab.temper(&["replay", "study.toml"]).ok();
}

#[test]
fn the_best_are_confirmed_by_further_samples() {
    let quiz = Quiz::new();
    let confirm = "[confirm]\nseeds = 3\ntop = 1\n\n[space]";
    let lab = lab(&STUDY.replace("[space]", confirm), &quiz);
    let run = lab.temper(&["run", "study.toml"]).ok();
    let trials = trials(&lab);
    let confirming = trials.values().filter(|trial| trial["origin"] == "confirmation").count();
    assert!(confirming >= 4, "two of each at least: {confirming}");
    assert_eq!(quiz.answered(), trials.len() as u64 * ITEMS);
    assert_eq!(ledger(&lab).requests, quiz.answered());
    assert!(run.stdout.contains("confirmed under "), "{}", run.stdout);
    lab.temper(&["replay", "study.toml"]).ok();
}
