use std::collections::BTreeMap;

use temper_core::{Config, Event, Goal, Setup, StrategySetup, stream};
use temper_space::Value;

use super::*;
use crate::RegistryError;

const SPACE: &str = r#"{
    "learning_rate": {"type": "float", "low": 1e-4, "high": 1e-1, "log": true},
    "dropout": {"type": "float", "low": 0, "high": 0.5, "step": 0.1},
    "layers": {"type": "int", "low": 1, "high": 64},
    "batch_size": {"type": "ordinal", "values": [8, 16, 32]},
    "optimizer": {"type": "choice", "values": ["adamw", "sgd"]},
    "momentum": {"type": "float", "low": 0, "high": 0.99, "when": {"optimizer": "sgd"}},
    "decay": {"derive": "learning_rate * 10"}
}"#;

fn space() -> Space {
    Space::new(&serde_json::from_str(SPACE).unwrap(), &Default::default()).unwrap()
}

fn pbt(options: &str) -> Result<Pbt, RegistryError> {
    Ok(Pbt::new(PbtOptions::read(&serde_json::from_str(options).unwrap())?))
}

/// What it says of a study of so many trials and steps; empty if it begins.
fn said(options: &str, trials: Option<u64>, max_steps: Option<Step>) -> String {
    let mut history = History::new();
    let opened = Event::Opened(Setup {
        name: "test".into(),
        space: serde_json::from_str(SPACE).unwrap(),
        require: Default::default(),
        goals: vec![Goal { metric: "loss".into(), direction: Default::default() }],
        constraints: Vec::new(),
        seed: 1,
        strategy: StrategySetup { name: NAME.into(), options: options.into() },
        pruner: None,
        early_stopping: None,
        max_steps,
        stages: Vec::new(),
        budget: Default::default(),
        trials,
        repeat: None,
        confirm: None,
    });
    history.apply(&opened).unwrap();
    let asked = pbt(options).unwrap().ask(&space(), &history, &mut stream(1, 0));
    asked.err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn options_out_of_their_bounds_are_refused_by_name() {
    for (options, reason) in [
        (r#"{"population": 1}"#, "`population` 1 is below 2"),
        (r#"{"interval": 0}"#, "`interval` 0 is below 1"),
        (r#"{"quantile": 0.6}"#, "`quantile` 0.6 is not above 0 and at most 0.5"),
        (r#"{"quantile": 0}"#, "`quantile` 0 is not above 0"),
        (r#"{"resample_probability": 1.5}"#, "`resample_probability` 1.5 is not from 0 to 1"),
        (r#"{"factor": 1}"#, "`factor` 1 is not above 1"),
        (r#"{"populaton": 8}"#, "unknown field `populaton`"),
    ] {
        let message = pbt(options).unwrap_err().to_string();
        assert!(message.contains(reason), "{message}");
    }
}

#[test]
fn options_that_do_not_fit_the_study_are_refused() {
    for (options, trials, max_steps, reason) in [
        ("{}", Some(8), None, "`interval` is missing"),
        (r#"{"interval": 5}"#, Some(8), None, "the last step of a trial is not known"),
        (
            r#"{"interval": 20}"#,
            Some(8),
            Some(20),
            "`interval` 20 is not below a trial's last step, 20",
        ),
        (
            r#"{"population": 8}"#,
            Some(4),
            Some(20),
            "a `population` of 8 does not fit into 4 trials",
        ),
        ("{}", Some(1), Some(20), "`trials` is 1, and a population has at least 2 members"),
        (r#"{"parameters": ["lr"]}"#, Some(8), Some(20), "`parameters` has `lr`, which the space"),
        (r#"{"parameters": ["decay"]}"#, Some(8), Some(20), "`parameters` has `decay`"),
        (r#"{"parameters": []}"#, Some(8), Some(20), "`parameters` is empty"),
    ] {
        let message = said(options, trials, max_steps);
        assert!(message.contains(reason), "{message}");
    }
    assert_eq!(said("{}", None, Some(20)), "");
}

/// Copies of one configuration, of which these parameters change.
fn copies(options: &str, changing: &[&str], from: &Config) -> Vec<Config> {
    let options: PbtOptions = serde_json::from_str(options).unwrap();
    let course = Course { size: 8, interval: 1, last_step: 100, changing: changing.to_vec() };
    let copy = |stream_of| explore(&space(), from, &course, &options, &mut stream(1, stream_of));
    (0..200).map(copy).collect()
}

fn config(values: &[(&str, Value)]) -> Config {
    let pairs = values.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    space().complete(Config::from_iter(pairs)).unwrap()
}

fn start() -> Config {
    config(&[
        ("learning_rate", 1e-3.into()),
        ("dropout", 0.2.into()),
        ("layers", 2_i64.into()),
        ("batch_size", 32_i64.into()),
        ("optimizer", "sgd".into()),
        ("momentum", 0.9.into()),
    ])
}

#[test]
fn perturbed_values_are_the_next_ones_and_everything_else_is_inherited() {
    let never = r#"{"resample_probability": 0}"#;
    let numbers = ["learning_rate", "dropout", "layers", "batch_size"];
    let mut seen: BTreeMap<String, std::collections::BTreeSet<String>> = BTreeMap::new();
    for copy in copies(never, &numbers, &start()) {
        for (name, value) in copy.iter() {
            seen.entry(name.to_owned()).or_default().insert(value.to_string());
        }
    }
    let seen = |name: &str| seen[name].iter().map(String::as_str).collect::<Vec<_>>().join(" ");
    assert_eq!(seen("learning_rate"), format!("{} {}", 1e-3 * (1.0 / 1.2), 1e-3 * 1.2));
    assert_eq!(seen("dropout"), "0.1 0.3");
    assert_eq!(seen("layers"), "1 3");
    // There is none above 32.
    assert_eq!(seen("batch_size"), "16");
    assert_eq!((seen("optimizer"), seen("momentum")), ("sgd".into(), "0.9".into()));
}

#[test]
fn what_follows_from_a_changed_value_changes_with_it() {
    for copy in copies("{}", &["learning_rate", "optimizer"], &start()) {
        space().validate(&copy).unwrap();
        assert_ne!(copy, start());
        let number = |name: &str| copy.get(name).and_then(Value::as_f64);
        assert_eq!(number("decay"), number("learning_rate").map(|rate| rate * 10.0));
        let has_momentum = copy.get("optimizer").and_then(Value::as_str) == Some("sgd");
        assert_eq!(copy.contains("momentum"), has_momentum);
    }
}

#[test]
fn a_value_at_a_bound_goes_the_other_way_and_one_at_zero_is_drawn_anew() {
    let never = r#"{"resample_probability": 0}"#;
    let mut highest = start();
    highest.insert("learning_rate", 1e-1);
    let highest = space().complete(highest).unwrap();
    for copy in copies(never, &["learning_rate"], &highest) {
        assert_eq!(copy.get("learning_rate"), Some(&(0.1 / 1.2).into()));
    }
    let mut lowest = start();
    lowest.insert("momentum", 0.0);
    let momentum = |copy: &Config| copy.get("momentum").and_then(Value::as_f64).unwrap();
    assert!(copies(never, &["momentum"], &lowest).iter().all(|copy| momentum(copy) > 0.0));
}

#[test]
fn differences_are_told_with_four_digits() {
    let mut to = start();
    to.insert("learning_rate", 1e-3 * 1.2);
    to.insert("optimizer", "adamw");
    to.remove("momentum");
    let told = differences(&start(), &to);
    assert_eq!(told, "learning_rate 0.001 -> 0.0012, optimizer sgd -> adamw, without momentum");
}
