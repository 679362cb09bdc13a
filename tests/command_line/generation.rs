//! Studies of how a model generates.

#[path = "generation/budgets.rs"]
mod budgets;
#[path = "generation/faults.rs"]
mod faults;
#[path = "generation/goals.rs"]
mod goals;
#[path = "generation/pruning.rs"]
mod pruning;
#[path = "generation/samples.rs"]
mod samples;

use serde_json::Value;

use crate::lab::Lab;
use crate::lab::trials::{assert_all_completed, trials};
use crate::quiz::{ITEMS, Quiz, STUDY, TOKENS, lab, ledger, undisturbed, values};

/// The study, and a comparison of its winner on 5 of its 20 items.
fn compared() -> String {
    STUDY.replace("batch_size = 5", "batch_size = 5\nheld_out = 0.25")
}

/// The numbers that `temper evaluate` prints.
fn evaluated(lab: &Lab, arguments: &[&str]) -> toml::Table {
    lab.temper(&[&["evaluate"], arguments].concat()).ok().stdout.parse().expect("it is TOML")
}

#[test]
fn a_study_finds_how_to_sample_and_compares_it_on_items_that_it_has_not_seen() {
    let quiz = Quiz::new();
    let lab = lab(&compared(), &quiz);
    let run = lab.temper(&["run", "study.toml"]).ok();
    let trials = assert_all_completed(&lab, 4);
    let coldest = trials.values().min_by_key(|it| it["params"]["temperature"].to_string()).unwrap();
    let best = lab.show()["best"].clone();
    assert_eq!(best["id"], coldest["id"], "{trials:?}");
    quiz.assert_asked_once(&lab);
    // 15 items for each trial; 5 for the winner, the defaults and the greedy setting.
    assert_eq!(quiz.answered(), 4 * 15 + 3 * 5);
    let told = lab.temper(&["best", "study.toml"]).ok().stdout;
    assert_eq!(told, run.stdout);
    let config: toml::Table = told.parse().unwrap();
    assert_eq!(config["temperature"].as_float(), best["params"]["temperature"].as_f64());
    let title = format!("# trial {} of study quiz: exact_match ", best["id"]);
    assert!(told.starts_with(&title), "{told}");
    for row in ["#  on 5 held-out items ", "#  trial ", "#  the defaults ", "#  greedy "] {
        assert!(told.lines().any(|line| line.starts_with(row)), "{row}: {told}");
    }
    assert!(run.stderr.contains("on 5 held-out items the winner's exact_match is "), "{told}");
    let json = lab.temper(&["best", "study.toml", "--json"]).ok().json();
    let rows = json["held_out"]["rows"].as_array().unwrap();
    let names: Vec<_> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
    let winner = format!("trial {}, the winner", best["id"]);
    assert_eq!(names, [winner.as_str(), "the defaults", "greedy"]);
    let of = |row: &Value, name: &str| row["metrics"][name].as_f64().unwrap();
    assert_eq!(of(&rows[2], "exact_match"), 1.0, "the cold model knows all");
    assert!(of(&rows[0], "exact_match") >= of(&rows[1], "exact_match"), "{rows:?}");
    assert_eq!(of(&rows[1], "tokens"), (5 * TOKENS) as f64);
    let lead = of(&rows[0], "exact_match") - of(&rows[1], "exact_match");
    let paired = &rows[1]["winner_leads_by"];
    assert!((paired["difference"].as_f64().unwrap() - lead).abs() < 1e-12, "{paired}");
    assert_eq!((rows[0].get("winner_leads_by"), &paired["items"]), (None, &5.into()));
    // It is known from now on.
    let before = quiz.server.count();
    assert_eq!(lab.temper(&["resume", "study.toml"]).ok().stdout, told);
    assert_eq!(quiz.server.count(), before);
    lab.temper(&["replay", "study.toml"]).ok();
}

#[test]
fn what_best_prints_is_evaluated_as_the_trial_was_without_asking_again() {
    let quiz = Quiz::new();
    let lab = lab(STUDY, &quiz);
    let best = lab.temper(&["run", "study.toml"]).ok().stdout;
    lab.write("best.toml", &best);
    let before = quiz.server.count();
    let metrics = evaluated(&lab, &["best.toml"]);
    let value = lab.show()["best"]["value"].clone();
    assert_eq!(metrics["exact_match"].as_float(), value.as_f64());
    assert_eq!(metrics["tokens"].as_integer(), i64::try_from(ITEMS * TOKENS).ok());
    assert!(!metrics.contains_key("item_exact_match"), "that is of the last item alone");
    assert_eq!(quiz.server.count(), before);
}

#[test]
fn a_setting_is_evaluated_without_tuning_and_told_item_by_item() {
    let quiz = Quiz::new();
    let lab = lab(&compared(), &quiz);
    let greedy = evaluated(&lab, &["study.toml", "--set", "temperature=0"]);
    assert_eq!(greedy["exact_match"].as_integer(), Some(1));
    assert_eq!(quiz.answered(), 15);
    let bodies = quiz.server.seen();
    assert!(bodies.iter().all(|seen| seen.body["temperature"] == 0.0), "{bodies:?}");
    let arguments = ["study.toml", "--set", "temperature=0", "--held-out", "--json"];
    let items = ["--items", "items.jsonl"];
    let lines = lab.temper(&[&["evaluate"], &arguments[..], &items].concat()).ok().stdout;
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let steps = lines.iter().map(|line| line["step"].as_f64());
    assert!(steps.eq((1..=5).map(|step| Some(f64::from(step)))), "{lines:?}");
    assert_eq!((&lines[4]["exact_match"], &lines[4]["tokens"]), (&1.0.into(), &60.0.into()));
    assert_eq!(lab.read("items.jsonl").lines().count(), 5);
    assert_eq!(quiz.answered(), 20, "the held-out items are others");
    let all = values_of(&lab, "items.jsonl", "id");
    assert!(all.iter().all(Value::is_string), "{all:?}");
    assert_eq!(lab.files(), ["answers.db", "items.jsonl", "study.toml", "sums.jsonl"]);
}

fn values_of(lab: &Lab, file: &str, key: &str) -> Vec<Value> {
    let lines = lab.read(file);
    let value = |line| serde_json::from_str::<Value>(line).expect("a line is JSON")[key].clone();
    lines.lines().map(value).collect()
}

#[test]
fn a_trial_keeps_what_was_answered_in_its_folder() {
    let quiz = Quiz::new();
    let lab = lab(&STUDY.replace("trials = 4", "trials = 1"), &quiz);
    lab.temper(&["run", "study.toml"]).ok();
    let answers = values_of(&lab, "quiz.trials/0000/items.jsonl", "answers");
    assert_eq!(answers.len() as u64, ITEMS);
    let right = answers.iter().filter(|answer| answer[0]["text"] != "unknown").count();
    let trial = &trials(&lab)[&0];
    assert_eq!(trial["value"].as_f64(), Some(right as f64 / ITEMS as f64));
    assert_eq!(trial["reports"].as_array().unwrap().len() as u64, ITEMS);
    let last = &trial["reports"][19];
    for name in ["latency", "latency_p95", "tokens", "refusals", "item_exact_match"] {
        assert!(last[name].is_number(), "{name}: {last}");
    }
    assert_eq!(last["spent_requests"], 20.0);
    assert_eq!(last["spent_tokens"], (ITEMS * TOKENS) as f64);
}

#[test]
fn check_says_what_a_study_of_evaluations_does_and_asks_nobody() {
    let quiz = Quiz::new();
    let study = compared().replace("[space]", "[budget]\ntokens = 6000\n\n[space]");
    let lab = lab(&study, &quiz);
    let before = lab.files();
    let checked = lab.temper(&["check", "study.toml"]).ok().stdout;
    insta::assert_snapshot!(checked.replace(&quiz.server.url(), "ENDPOINT"));
    assert_eq!((quiz.server.count(), lab.files()), (0, before));
}

#[test]
fn a_second_study_is_told_what_the_first_one_asked() {
    let quiz = Quiz::new();
    let lab = lab(STUDY, &quiz);
    lab.temper(&["run", "study.toml"]).ok();
    let (spent, asked) = (ledger(&lab), quiz.server.count());
    let first = values(&lab);
    lab.write("study.toml", &lab.read("study.toml").replace("\"quiz\"", "\"again\""));
    lab.temper(&["run", "study.toml"]).ok();
    assert_eq!(values(&lab), first);
    assert_eq!((ledger(&lab), quiz.server.count()), (spent, asked));
    let last = trials(&lab)[&3]["reports"][19].clone();
    assert_eq!(last["tokens"], (ITEMS * TOKENS) as f64, "what the answers once took");
    assert_eq!(last["spent_tokens"], 0.0);
}

#[test]
fn workers_and_requests_at_once_change_nothing_that_is_found() {
    let grid = "[strategy]\nname = \"grid\"\nresolution = 4\n\n[space]";
    let study = STUDY.replace("[space]", grid);
    let many = study.replace("seed = 1", "seed = 1\nworkers = 3");
    let one = study.replace("batch_size = 5", "batch_size = 1\nconcurrency = 1");
    assert_eq!(undisturbed(&many), undisturbed(&one));
}
