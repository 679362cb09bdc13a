//! Studies of evaluations with several goals, or bounds.

use serde_json::Value;

use crate::lab::trials::assert_all_completed;
use crate::quiz::{Quiz, STUDY, lab};

/// What is searched is how much the model writes: each token is dear, and gets one more sum right.
fn of_length(study: &str) -> String {
    study
        .replace("batch_size", "input_price = 0\noutput_price = 1000\nbatch_size")
        .replace("trials = 4", "trials = 8")
        .replace(
            "temperature = { type = \"float\", low = 0.1, high = 1.5, default = 1.0 }",
            "max_tokens = { type = \"int\", low = 1, high = 20, default = 10 }",
        )
}

fn written(trial: &Value) -> u64 {
    trial["params"]["max_tokens"].as_u64().expect("it is a number")
}

#[test]
fn quality_and_cost_are_weighed_on_a_front() {
    let goals = r#"objectives = [
    { metric = "exact_match", direction = "maximize" },
    { metric = "cost" },
]"#;
    let quiz = Quiz::new();
    let study = of_length(STUDY).replace("seed = 1", &format!("seed = 1\n{goals}"));
    let lab = lab(&study, &quiz);
    let run = lab.temper(&["run", "study.toml"]).ok();
    let trials = assert_all_completed(&lab, 8);
    for trial in trials.values() {
        let [right, cost] = [0, 1].map(|goal| trial["values"][goal].as_f64().unwrap());
        assert_eq!(right, written(trial) as f64 / 20.0, "{trial}");
        assert!((cost - written(trial) as f64 * 0.02).abs() < 1e-9, "{trial}");
        assert_eq!(trial["pareto"], true, "each is dearer and better than another: {trial}");
    }
    assert_eq!(run.stdout.matches("#   trial ").count(), 8, "{}", run.stdout);
    quiz.assert_asked_once(&lab);
}

#[test]
fn speed_is_a_goal_like_any_other() {
    let goals = "objectives = [{ metric = \"exact_match\", direction = \"maximize\" }, { metric = \"latency\" }]";
    let quiz = Quiz::new();
    let lab = lab(&STUDY.replace("seed = 1", &format!("seed = 1\n{goals}")), &quiz);
    lab.temper(&["run", "study.toml"]).ok();
    for trial in assert_all_completed(&lab, 4).values() {
        assert!(trial["values"][1].as_f64() > Some(0.0), "{trial}");
    }
    assert!(lab.show()["trials"].as_array().unwrap().iter().any(|trial| trial["pareto"] == true));
}

#[test]
fn the_best_of_those_that_cost_little_enough_wins() {
    let quiz = Quiz::new();
    // 0.02 for each token that may be written.
    let bounds = "seed = 1\nconstraints = [\"cost <= 0.25\", \"latency_p95 <= 600\"]";
    let lab = lab(&of_length(STUDY).replace("seed = 1", bounds), &quiz);
    let run = lab.temper(&["run", "study.toml"]).ok();
    let trials = assert_all_completed(&lab, 8);
    for trial in trials.values() {
        assert_eq!(trial["feasible"], written(trial) <= 12, "{trial}");
    }
    let lengths = trials.values().map(written);
    let best = lengths.clone().filter(|length| *length <= 12).max();
    assert!(lengths.max() > best, "the seed gives both kinds");
    let config: toml::Table = run.stdout.parse().unwrap();
    assert_eq!(config["max_tokens"].as_integer(), best.and_then(|best| i64::try_from(best).ok()));
}

#[test]
fn a_study_in_which_nothing_is_fast_enough_says_how_far_it_is() {
    let quiz = Quiz::new();
    let bounds = "seed = 1\nconstraints = [\"latency_p95 <= 0\"]";
    let lab = lab(&STUDY.replace("seed = 1", bounds), &quiz);
    let run = lab.temper(&["run", "study.toml"]).with_code(1);
    let said = "none of 4 completed trials is feasible: latency_p95 <= 0 (the nearest is at ";
    assert!(run.stderr.contains(said), "{}", run.stderr);
}
