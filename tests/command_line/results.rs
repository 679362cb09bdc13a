//! What a run prints, and what is told of it afterwards.

use serde_json::Value;

use crate::{STUDY, lab, params};

#[test]
fn a_run_prints_its_result_on_stdout_and_all_else_on_stderr() {
    let lab = lab(STUDY);
    let ended = lab.temper(&["run", "study.toml"]).ok();
    let best: toml::Table = ended.stdout.parse().expect("stdout is TOML");
    let best = best["x"].as_float().expect("x is a number");
    let least = params(&lab)
        .iter()
        .map(|params| params["x"].as_f64().expect("x is a number"))
        .fold(f64::INFINITY, f64::min);
    assert_eq!(best, least);
    assert!(ended.stderr.contains("trial 5 of 6 started: "));
    assert!(ended.stderr.contains("better than the default's 0.5"));
    assert!(ended.stderr.ends_with("results: parabola.db (temper show study.toml)\n"));
    let again = lab.temper(&["best", "study.toml"]).ok();
    assert_eq!((again.stdout, again.stderr), (ended.stdout, String::new()));
    let quiet = lab.temper(&["run", "study.toml", "--quiet"]).ok();
    assert!(!quiet.stderr.contains("trial"), "{}", quiet.stderr);
}

#[test]
fn a_run_tells_its_events_as_lines_of_json() {
    let study = STUDY.replace("seed = 1", "direction = \"maximize\"\nseed = 1");
    let lab = lab(&study);
    let ended = lab.temper(&["run", "study.toml", "--json"]).ok();
    let events: Vec<Value> = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .collect();
    let count = |kind: &str| events.iter().filter(|event| event["event"] == kind).count();
    assert_eq!((count("started"), count("reported"), count("finished")), (6, 12, 6));
    assert_eq!(count("started") + count("reported") + count("finished"), events.len());
    let values: Vec<_> = events
        .iter()
        .filter(|event| event["event"] == "finished")
        .map(|event| event["outcome"]["values"][0].as_f64())
        .collect();
    let tried: Vec<_> = params(&lab).iter().map(|params| params["x"].as_f64()).collect();
    assert_eq!(values, tried, "in the user's direction");
    assert_eq!(ended.stderr, "");
}

#[test]
fn show_tells_everything_as_json() {
    let lab = lab(STUDY);
    lab.temper(&["run", "study.toml"]).ok();
    let study = lab.show();
    assert_eq!(study["study"], "parabola");
    let trials = study["trials"].as_array().unwrap();
    assert_eq!(trials.len(), 6);
    for trial in trials {
        assert!(trial["id"].is_u64(), "{trial}");
        assert_eq!(trial["state"], "completed");
        assert_eq!(trial["failure"], Value::Null);
        assert_eq!(trial["value"], trial["params"]["x"]);
        assert!(trial["seconds"].as_f64().unwrap() > 0.0, "{trial}");
        let reports = trial["reports"].as_array().unwrap();
        assert_eq!(reports.len(), 2);
        assert_eq!((&reports[0]["step"], &reports[0]["value"]), (&1.into(), &2.0.into()));
        assert_eq!((&reports[1]["step"], &reports[1]["tokens"]), (&2.into(), &5.0.into()));
    }
    let values: Vec<_> = trials.iter().map(|trial| trial["value"].as_f64()).collect();
    assert!(values.is_sorted(), "best first");
    assert_eq!(study["best"], trials[0]);
    let table = lab.temper(&["show", "study.toml"]).ok().stdout;
    assert_eq!(table.lines().count(), 1 + 6 + 2, "{table}");
    assert!(table.contains("\n6 completed\ndisk: "), "{table}");
}

#[test]
fn values_are_in_the_users_direction() {
    let lab = lab(&STUDY.replace("seed = 1", "direction = \"maximize\""));
    let ended = lab.temper(&["run", "study.toml"]).ok();
    let study = lab.show();
    let values: Vec<_> = study["trials"]
        .as_array()
        .unwrap()
        .iter()
        .map(|trial| trial["value"].as_f64().unwrap())
        .collect();
    assert!(values.iter().rev().is_sorted(), "best first: {values:?}");
    assert!(values.iter().all(|value| *value > 0.0), "{values:?}");
    assert_eq!(study["best"]["value"], values[0]);
    let best = format!("loss {:.4}", values[0]);
    assert!(ended.stdout.contains(&best[..best.len() - 2]), "{}", ended.stdout);
    assert!(!ended.stderr.contains("loss -"), "{}", ended.stderr);
}
