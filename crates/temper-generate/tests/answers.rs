//! Processes that share answers, also when they are killed.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::env;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::json;
use temper_generate::{
    Account, AnswerStore, Completion, GenerationSettings, Input, Request, RequestKey,
};

/// Tells a process of this test where the answers are, and who it is.
const PATH: &str = "TEMPER_TEST_ANSWERS";
const TRIAL: &str = "TEMPER_TEST_TRIAL";

fn key(number: u32) -> RequestKey {
    let input = Input::Text("1 + 1".to_owned());
    let settings = GenerationSettings::default();
    Request { input, settings, sample: number }.key(&json!("a model"))
}

fn account(trial: &str) -> Account {
    Account { study: "a".to_owned(), trial: trial.to_owned() }
}

/// Records one answer of 12 tokens after the other.
fn record(path: &Path, trial: &str, numbers: impl IntoIterator<Item = u32>) {
    let store = AnswerStore::open(path).unwrap();
    for number in numbers {
        let completion = Completion {
            text: format!("answer {number}"),
            input_tokens: Some(10),
            output_tokens: Some(2),
            latency: 0.5,
            finish_reason: None,
            refused: false,
        };
        store.record(key(number), &completion, &account(trial), 0.5).unwrap();
        println!("recorded {number}");
    }
}

/// Runs one of these tests in a process of its own, which finds `PATH` set.
fn start(test: &str, path: &Path, trial: &str) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(PATH, path)
        .env(TRIAL, trial)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_process_that_is_killed_leaves_answers_with_what_they_cost() {
    if let Some(path) = env::var_os(PATH) {
        return record(path.as_ref(), &env::var(TRIAL).unwrap(), 0..u32::MAX);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answers.db");
    let mut first = 0;
    for (trial, said) in [("0", 20), ("1", 50), ("2", 90)] {
        let name = "a_process_that_is_killed_leaves_answers_with_what_they_cost";
        let mut child = start(name, &path, trial);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let last = format!("recorded {said}");
        assert!(lines.any(|line| line.unwrap().ends_with(&last)), "it records until it is killed");
        child.kill().unwrap();
        child.wait().unwrap();
        let store = AnswerStore::open(&path).unwrap();
        let answers = (0..).take_while(|number| store.answer(key(*number)).unwrap().is_some());
        let answers = answers.count() as u64;
        let spent = store.spent_by(&account(trial)).unwrap();
        assert!(spent.requests > said, "{spent:?}");
        assert_eq!(
            (spent.tokens(), spent.cost),
            (12 * spent.requests, 0.5 * spent.requests as f64)
        );
        // The answers of earlier processes are paid for again; what is new was paid for once.
        first = spent.requests.max(first);
        assert_eq!(answers, first);
    }
}

#[test]
fn processes_that_record_at_once_lose_nothing() {
    if let Some(path) = env::var_os(PATH) {
        return record(path.as_ref(), &env::var(TRIAL).unwrap(), 0..50);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answers.db");
    let trials = ["0", "1", "2", "3"];
    let name = "processes_that_record_at_once_lose_nothing";
    let children = trials.map(|trial| start(name, &path, trial));
    for child in children {
        assert!(child.wait_with_output().unwrap().status.success());
    }
    let store = AnswerStore::open(&path).unwrap();
    for trial in trials {
        assert_eq!(store.spent_by(&account(trial)).unwrap().requests, 50);
    }
    let spent = store.spent_in("a").unwrap();
    assert_eq!((spent.requests, spent.tokens(), spent.cost), (200, 2400, 100.0));
    assert!((0..50).all(|number| store.answer(key(number)).unwrap().is_some()));
}
