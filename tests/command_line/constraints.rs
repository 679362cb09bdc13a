//! Bounds on what trials report beside their goals.

use serde_json::Value;

use crate::lab::trials::trials;
use crate::{Lab, STUDY, lab};

/// The larger `x`, the lower the loss and the higher the latency; in a line without a step.
const TRIAL: &str = r#"
loss=$(awk "BEGIN { print 1 - $1 }")
latency=$(awk "BEGIN { print 100 * $1 }")
echo "{\"loss\": $loss, \"latency_ms\": $latency}"
"#;

fn bounded(constraint: &str) -> Lab {
    let lab =
        lab(&STUDY.replace("seed = 1", &format!("seed = 1\nconstraints = [\"{constraint}\"]")));
    lab.write("trial.sh", TRIAL);
    lab
}

#[test]
fn the_best_trial_keeps_the_constraints_and_the_others_are_marked() {
    let lab = bounded("latency_ms <= 60");
    let checked = lab.temper(&["check", "study.toml"]).ok().stdout;
    assert!(checked.contains("keep latency_ms <= 60\n"), "{checked}");
    let run = lab.temper(&["run", "study.toml"]).ok();
    let study = lab.show();
    assert_eq!(study["constraints"], serde_json::json!(["latency_ms <= 60"]));
    let x = |trial: &Value| trial["params"]["x"].as_f64().expect("x is a number");
    let trials = trials(&lab);
    for trial in trials.values() {
        assert_eq!(trial["feasible"], x(trial) <= 0.6, "{trial}");
    }
    let feasible = trials.values().filter(|trial| trial["feasible"] == true);
    let best = feasible.clone().map(x).fold(0.0, f64::max);
    assert_eq!(x(&study["best"]), best);
    assert!((1..6).contains(&feasible.count()), "the seed gives both kinds");
    let table = lab.temper(&["show", "study.toml"]).ok().stdout;
    let marked = table.lines().filter(|line| line.contains("infeasible ")).count();
    let infeasible = trials.values().filter(|trial| trial["feasible"] == false).count();
    assert_eq!(marked, infeasible, "{table}");
    assert!(table.contains(&format!("\n6 completed ({infeasible} infeasible)\n")), "{table}");
    assert!(table.lines().next().is_some_and(|header| header.contains("latency_ms")), "{table}");
    assert_eq!(lab.temper(&["best", "study.toml"]).ok().stdout, run.stdout);
}

#[test]
fn a_study_in_which_nothing_is_feasible_says_how_far_it_is() {
    let lab = bounded("latency_ms <= -1");
    let run = lab.temper(&["run", "study.toml"]).with_code(1);
    assert_eq!(run.stdout, "");
    let wanted = "none of 6 completed trials is feasible: latency_ms <= -1 (the nearest is at ";
    assert!(run.stderr.contains(wanted), "{}", run.stderr);
    let best = lab.temper(&["best", "study.toml"]).with_code(1);
    assert!(best.stderr.starts_with(wanted), "{}", best.stderr);
    assert_eq!(lab.show()["best"], Value::Null);
}

#[test]
fn a_constraint_that_is_loosened_afterwards_counts_from_then_on() {
    let lab = bounded("latency_ms <= -1");
    lab.temper(&["run", "study.toml"]).with_code(1);
    let study = lab.read("study.toml").replace("<= -1", "<= 60");
    lab.write("study.toml", &study);
    let shown = lab.temper(&["best", "study.toml"]).ok().stdout;
    let run = lab.temper(&["run", "study.toml"]).ok();
    assert_eq!(run.stdout, shown);
    lab.temper(&["replay", "study.toml"]).ok();
}

#[test]
fn a_trial_that_does_not_report_a_bounded_metric_has_failed() {
    let lab = bounded("latency_ms <= 60");
    lab.write("trial.sh", "echo '{\"loss\": 1}'");
    let run = lab.temper(&["run", "study.toml", "--trials", "1"]).with_code(1);
    assert!(run.stderr.contains("it ended without a report of `latency_ms`"), "{}", run.stderr);
    assert!(run.stderr.contains("as in {\"loss\": 1.5, \"latency_ms\": 2.5}"), "{}", run.stderr);
}
