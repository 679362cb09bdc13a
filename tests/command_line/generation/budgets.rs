//! What a study of evaluations may spend.

use crate::lab::trials::{assert_all_completed, trials};
use crate::quiz::{ITEMS, Ledger, Quiz, STUDY, TOKENS, lab, ledger, undisturbed, values};

/// As many requests as are under way at once.
const CONCURRENCY: u64 = 4;

/// A thousandth of a unit for each token.
const PRICES: &str = "input_price = 1000\noutput_price = 1000\nbatch_size";

fn with_budget(study: &str, lines: &str) -> String {
    study.replace("[space]", &format!("[budget]\n{lines}\n\n[space]"))
}

#[test]
fn a_budget_of_tokens_ends_a_study_which_goes_on_with_more() {
    let quiz = Quiz::new();
    let lab = lab(&with_budget(STUDY, "tokens = 400"), &quiz);
    let run = lab.temper(&["run", "study.toml"]).ok();
    let spent = ledger(&lab).tokens;
    assert!((400..=400 + CONCURRENCY * TOKENS).contains(&spent), "{spent}");
    let said =
        format!("the budget of 400 tokens is spent: trials took {spent}; to go on with more");
    assert!(run.stderr.contains(&said), "{}", run.stderr);
    let states: Vec<_> = trials(&lab).values().map(|trial| trial["state"].clone()).collect();
    assert_eq!(states[0], "completed");
    assert!(states[1..].iter().all(|state| state == "waiting"), "{states:?}");
    // The same budget allows nothing more.
    lab.temper(&["resume", "study.toml"]).ok();
    assert_eq!(ledger(&lab).tokens, spent);
    lab.write("study.toml", &lab.read("study.toml").replace("tokens = 400", "tokens = 10000"));
    lab.temper(&["resume", "study.toml"]).ok();
    assert_eq!(ledger(&lab).tokens, 4 * ITEMS * TOKENS);
    quiz.assert_asked_once(&lab);
    assert_eq!(values(&lab), undisturbed(STUDY));
    lab.temper(&["replay", "study.toml"]).ok();
}

#[test]
fn workers_share_a_budget_of_tokens() {
    let quiz = Quiz::new();
    let study = STUDY.replace("seed = 1", "seed = 1\nworkers = 3");
    let lab = lab(&with_budget(&study, "tokens = 600"), &quiz);
    lab.temper(&["run", "study.toml"]);
    let spent = ledger(&lab).tokens;
    assert!((600..=600 + 3 * CONCURRENCY * TOKENS).contains(&spent), "{spent}");
    assert!(trials(&lab).values().all(|trial| trial["state"] != "failed"), "{:?}", trials(&lab));
    lab.write("study.toml", &lab.read("study.toml").replace("tokens = 600", "tokens = 10000"));
    lab.temper(&["resume", "study.toml"]).ok();
    assert_all_completed(&lab, 4);
    quiz.assert_asked_once(&lab);
}

#[test]
fn a_budget_of_tokens_too_small_for_one_trial_says_so() {
    let quiz = Quiz::new();
    let lab = lab(&with_budget(STUDY, "tokens = 100"), &quiz);
    let run = lab.temper(&["run", "study.toml"]).with_code(1);
    let said = "the budget ended before any trial was complete";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    assert!(ledger(&lab).tokens <= 100 + CONCURRENCY * TOKENS);
    assert!(trials(&lab).values().all(|trial| trial["state"] == "waiting"));
}

#[test]
fn a_budget_of_money_counts_by_the_prices() {
    let quiz = Quiz::new();
    let study = with_budget(&STUDY.replace("batch_size", PRICES), "cost = 0.4");
    let lab = lab(&study, &quiz);
    let run = lab.temper(&["run", "study.toml"]).ok();
    let Ledger { tokens, cost, .. } = ledger(&lab);
    assert!((cost - tokens as f64 / 1000.0).abs() < 1e-9, "{cost}");
    assert!((400..=400 + CONCURRENCY * TOKENS).contains(&tokens), "{tokens}");
    assert!(run.stderr.contains("the budget of 0.4 is spent: trials cost 0.4"), "{}", run.stderr);
    lab.write("study.toml", &lab.read("study.toml").replace("cost = 0.4", "cost = 10"));
    lab.temper(&["resume", "study.toml"]).ok();
    for trial in assert_all_completed(&lab, 4).values() {
        let cost = trial["reports"][19]["cost"].as_f64().unwrap();
        assert!((cost - 0.24).abs() < 1e-9, "{trial}");
    }
    quiz.assert_asked_once(&lab);
}

#[test]
fn models_that_are_compared_have_prices_of_their_own() {
    let quiz = Quiz::new();
    let prices = "input_price = { tiny = 100, huge = 5000 }\noutput_price = 1000\nbatch_size";
    let study = STUDY.replace("model = \"tiny\"\n", "").replace("batch_size", prices);
    let models = "[strategy]\nname = \"grid\"\n\n[space]\n\
                  model = { type = \"choice\", values = [\"tiny\", \"huge\"] }\n";
    let space = &study[study.find("[space]").unwrap()..];
    let study = study.replace(space, models).replace("trials = 4", "trials = 2");
    let lab = lab(&with_budget(&study, "cost = 10"), &quiz);
    lab.temper(&["run", "study.toml"]).ok();
    let mut spent = 0.0;
    for trial in assert_all_completed(&lab, 2).values() {
        let input = if trial["params"]["model"] == "tiny" { 0.0001 } else { 0.005 };
        let cost = trial["reports"][19]["cost"].as_f64().unwrap();
        assert!((cost - 20.0 * (10.0 * input + 2.0 * 0.001)).abs() < 1e-9, "{trial}");
        spent += cost;
    }
    assert!((ledger(&lab).cost - spent).abs() < 1e-9);
    lab.write("study.toml", &lab.read("study.toml").replace(", huge = 5000", ""));
    let check = lab.temper(&["check", "study.toml"]).with_code(2);
    insta::assert_snapshot!(check.stderr);
}

#[test]
fn a_part_of_the_budget_is_kept_for_the_comparison() {
    let quiz = Quiz::new();
    let held_out = STUDY.replace("batch_size = 5", "batch_size = 5\nheld_out = 0.25");
    let lab = lab(&with_budget(&held_out, "tokens = 500"), &quiz);
    let run = lab.temper(&["run", "study.toml"]).ok();
    // The search ends at 450, and a comparison would take 180.
    let said = "the budget of 450 tokens is spent";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    let said =
        "before the winner was compared on held-out items; to go on with more: temper resume";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    let spent = ledger(&lab).tokens;
    assert!((500..=500 + CONCURRENCY * TOKENS).contains(&spent), "{spent}");
    lab.write("study.toml", &lab.read("study.toml").replace("tokens = 500", "tokens = 5000"));
    let resumed = lab.temper(&["resume", "study.toml"]).ok();
    assert!(resumed.stdout.contains("on 5 held-out items  "), "{}", resumed.stdout);
    assert_all_completed(&lab, 4);
    quiz.assert_asked_once(&lab);
}

#[test]
fn a_study_that_begins_anew_in_the_same_place_has_its_whole_budget() {
    let quiz = Quiz::new();
    let lab = lab(&with_budget(STUDY, "tokens = 400"), &quiz);
    lab.temper(&["run", "study.toml"]).ok();
    for file in ["quiz.db", "quiz.db-wal", "quiz.db-shm"] {
        if lab.path(file).exists() {
            std::fs::remove_file(lab.path(file)).unwrap();
        }
    }
    let before = quiz.answered();
    lab.temper(&["run", "study.toml"]).ok();
    assert_eq!(ledger(&lab).tokens, (quiz.answered() - before) * TOKENS);
    assert!(ledger(&lab).tokens >= 400, "what is known costs nothing");
}

#[test]
fn one_evaluation_ends_at_the_limit_of_its_tokens() {
    let quiz = Quiz::new();
    let lab = lab(STUDY, &quiz);
    let limit = ["evaluate", "study.toml", "--token-limit", "60"];
    let ended = lab.temper(&limit).with_code(2);
    let spent = ledger(&lab).tokens;
    assert!((60..=60 + CONCURRENCY * TOKENS).contains(&spent), "{spent}");
    let said = format!("the budget of 60 tokens is spent: {spent}");
    assert!(ended.stderr.contains(&said), "{}", ended.stderr);
    // The next one is told what this one asked, and counts by itself.
    lab.temper(&limit).with_code(2);
    assert_eq!(ledger(&lab).tokens, (quiz.answered() - spent / TOKENS) * TOKENS);
    lab.temper(&["evaluate", "study.toml"]).ok();
    assert_eq!(quiz.answered(), ITEMS);
    let said =
        lab.temper(&["evaluate", "study.toml", "--set", "temperature=0", "--cost-limit", "1"]);
    let said = said.with_code(2).stderr;
    assert!(said.contains("a budget of money counts by the prices of tokens"), "{said}");
}

#[test]
fn an_endpoint_that_does_not_tell_of_tokens_can_not_be_asked_within_a_budget() {
    let reply = serde_json::json!({"choices": [{"message": {"content": "2"}}]});
    let quiz = Quiz::with(move |_, _| Some(crate::quiz::faulty::Reply::json(200, &reply)));
    let lab = lab(&with_budget(STUDY, "tokens = 400"), &quiz);
    let run = lab.temper(&["run", "study.toml"]).with_code(2);
    let said = "the endpoint does not say how many tokens it used, which the budget counts";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    assert!(quiz.server.count() as u64 <= CONCURRENCY);
}
