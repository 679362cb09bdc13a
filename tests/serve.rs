//! `temper serve --stdio`: one JSON object per line each way, one reply per request, in order.

mod lab;
#[path = "serve/pbt.rs"]
mod pbt;
#[path = "serve/wrong.rs"]
mod wrong;

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use lab::{Ended, Lab, end};
use serde_json::{Value, json};

/// What a server answers to these lines, sent all at once.
fn answers_to_lines(lines: &[String]) -> Vec<Value> {
    let lab = Lab::new();
    let mut server = lab.command(&["serve", "--stdio"]);
    let mut server = server.stdin(Stdio::piped()).spawn().expect("it starts");
    let mut requests = server.stdin.take().expect("it is piped");
    requests.write_all(lines.concat().as_bytes()).expect("it reads");
    drop(requests); // the end of input ends it
    let Ended { stdout, stderr, .. } = end(Ok(server)).ok();
    assert_eq!(stderr, "");
    assert_eq!(lab.files(), [""; 0], "it writes no file");
    let answers: Vec<_> =
        stdout.lines().map(|line| serde_json::from_str(line).expect("an answer is JSON")).collect();
    assert_eq!(answers.len(), lines.len(), "{stdout}");
    answers
}

fn answers(requests: &[Value]) -> Vec<Value> {
    let lines: Vec<_> = requests.iter().map(|request| format!("{request}\n")).collect();
    answers_to_lines(&lines)
}

fn create() -> Value {
    json!({
        "op": "create",
        "space": {
            "lr": {"type": "float", "low": 1e-6, "high": 1e-3, "log": true},
            "bs": {"type": "int", "low": 1, "high": 8},
            "opt": {"type": "categorical", "choices": ["adamw", "sgd"]},
        },
        "seed": 1,
        "direction": "minimize",
        "n_trials": 100,
    })
}

fn ask() -> Value {
    json!({"op": "ask"})
}

fn tell(id: u64, value: impl Into<Value>) -> Value {
    json!({"op": "tell", "id": id, "value": value.into()})
}

fn ok() -> Value {
    json!({"ok": true})
}

/// The message of an answer that is an error and nothing else.
#[track_caller]
fn error(answer: &Value) -> &str {
    let fields = answer.as_object().map(serde_json::Map::len);
    match answer["error"].as_str() {
        Some(message) if fields == Some(1) && !message.is_empty() => message,
        _ => panic!("no error: {answer}"),
    }
}

#[track_caller]
fn assert_in_space(params: &Value) {
    let lr = params["lr"].as_f64().expect("`lr` is a number");
    assert!((1e-6..=1e-3).contains(&lr), "{params}");
    let bs = params["bs"].as_i64().expect("`bs` is a whole number");
    assert!((1..=8).contains(&bs), "{params}");
    let opt = params["opt"].as_str().expect("`opt` is text");
    assert!(["adamw", "sgd"].contains(&opt), "{params}");
}

#[test]
fn a_study_is_asked_and_told() {
    let mut requests = vec![create()];
    for id in 0..20 {
        requests.extend([ask(), tell(id, 0.5)]);
    }
    let answers = answers(&requests);
    assert_eq!(answers[0], ok());
    for (id, pair) in answers[1..].chunks(2).enumerate() {
        assert_eq!(pair[0]["id"], id);
        assert_in_space(&pair[0]["params"]);
        assert_eq!(pair[1], ok());
    }
}

#[test]
fn the_same_seed_asks_the_same() {
    let with_seed = |seed: u64| {
        let mut create = create();
        create["seed"] = seed.into();
        answers(&[create, ask(), tell(0, 1.0), ask(), ask()])
    };
    assert_eq!(with_seed(7), with_seed(7));
    assert_ne!(with_seed(7), with_seed(8));
}

#[test]
fn several_trials_are_open_at_once_and_told_in_any_order() {
    let requests = [
        create(),
        ask(),
        ask(),
        ask(),
        tell(2, 0.1),
        tell(0, 0.2),
        ask(),
        tell(3, 0.3),
        tell(1, 0.4),
    ];
    let answers = answers(&requests);
    let ids: Vec<_> = answers.iter().filter_map(|answer| answer["id"].as_u64()).collect();
    assert_eq!(ids, [0, 1, 2, 3]);
    let told = [4, 5, 7, 8];
    assert!(told.iter().all(|place| answers[*place] == ok()));
}

#[test]
fn a_trial_reports_on_the_way_and_can_fail_or_be_pruned() {
    let answers = answers(&[
        create(),
        ask(),
        json!({"op": "report", "id": 0, "step": 1, "value": 0.9}),
        json!({"op": "report", "id": 0, "step": 2, "value": 0.8}),
        tell(0, 0.8),
        ask(),
        json!({"op": "tell", "id": 1, "state": "failed"}),
        ask(),
        json!({"op": "report", "id": 2, "step": 3, "value": 0.5}),
        json!({"op": "tell", "id": 2, "state": "pruned", "value": 0.4}),
        ask(),
        json!({"op": "tell", "id": 3, "state": "failed", "failure": "out_of_memory"}),
        ask(),
    ]);
    for place in [2, 3, 8] {
        assert_eq!(answers[place], json!({"prune": false}));
    }
    for place in [4, 6, 9, 11] {
        assert_eq!(answers[place], ok());
    }
    assert_eq!(answers[12]["id"], 4);
}

#[test]
fn several_objectives_have_a_direction_each() {
    let mut create = create();
    create["directions"] = json!(["minimize", "maximize"]);
    create.as_object_mut().unwrap().remove("direction");
    let answers = answers(&[
        create,
        ask(),
        json!({"op": "tell", "id": 0, "values": [1.0]}),
        tell(0, 1.0),
        json!({"op": "tell", "id": 0, "values": [1.0, 2.0]}),
        ask(),
    ]);
    assert!(error(&answers[2]).contains("1 values for 2 objectives"));
    error(&answers[3]);
    assert_eq!(answers[4], ok());
    assert_eq!(answers[5]["id"], 1);
}

#[test]
fn trials_made_elsewhere_are_observed() {
    let params = json!({"lr": 1e-4, "bs": 4, "opt": "sgd"});
    let observe =
        |params: &Value, value: Value| json!({"op": "observe", "params": params, "value": value});
    let answers = answers(&[
        create(),
        observe(&params, 0.5.into()),
        observe(&json!({"lr": 1.0, "bs": 4, "opt": "sgd"}), 0.5.into()),
        observe(&json!({"bs": 4, "opt": "sgd"}), 0.5.into()),
        observe(&json!({"lr": 1e-4, "bs": 4, "opt": "sgd", "x": 1}), 0.5.into()),
        observe(&params, Value::Null),
        ask(),
    ]);
    assert_eq!(answers[1], ok());
    for refused in &answers[2..6] {
        error(refused);
    }
    // It counts as a trial of the study.
    assert_eq!(answers[6]["id"], 1);
}

#[test]
fn constraints_are_told_of_by_their_metrics() {
    let mut create = create();
    create["constraints"] = json!(["latency_ms <= 50", "value0 >= 0.1"]);
    let params = json!({"lr": 1e-4, "bs": 4, "opt": "sgd"});
    let metrics = json!({"latency_ms": 43});
    let answers = answers(&[
        create,
        ask(),
        tell(0, 0.5),
        json!({"op": "tell", "id": 0, "value": 0.5, "metrics": {"latency": 43}}),
        json!({"op": "tell", "id": 0, "value": 0.5, "metrics": metrics}),
        json!({"op": "observe", "params": params, "value": 0.5}),
        json!({"op": "observe", "params": params, "value": 0.5, "metrics": metrics}),
        ask(),
        json!({"op": "tell", "id": 2, "state": "failed"}),
    ]);
    assert_eq!(answers[0], ok());
    let wanted = "`metrics` has no `latency_ms`, which `latency_ms <= 50` is about";
    for refused in [2, 3, 5] {
        assert_eq!(error(&answers[refused]), wanted);
    }
    for told in [4, 6, 8] {
        assert_eq!(answers[told], ok());
    }
    assert_eq!(answers[7]["id"], 2);
}

#[test]
fn each_strategy_can_be_named() {
    let listed = Lab::new().temper(&["strategies"]).ok().stdout;
    let listed = listed.lines().skip(1);
    let names = listed.map_while(|line| line.strip_prefix("  ")?.split_whitespace().next());
    for name in names {
        let mut create = create();
        create["sampler"] = name.into();
        create["max_resource"] = 9.into(); // where `pbt` compares follows from it
        create["space"]["lr"] = json!({"type": "float", "low": 0.0, "high": 1.0, "step": 0.5});
        let answers = answers(&[create, ask(), tell(0, 1.0), ask()]);
        assert_eq!(answers[0], ok(), "{name}");
        assert_eq!(answers[3]["id"], 1, "{name}");
    }
}

#[test]
fn a_second_create_begins_again() {
    let answers = answers(&[create(), ask(), create(), ask()]);
    assert_eq!(answers[1], answers[3]);
}

#[test]
fn empty_lines_are_passed_over() {
    let lab = Lab::new();
    let mut server = lab.command(&["serve", "--stdio"]);
    let mut server = server.stdin(Stdio::piped()).spawn().expect("it starts");
    let mut requests = server.stdin.take().expect("it is piped");
    requests.write_all(b"\n  \n{\"op\": \"ask\"}").expect("it reads");
    drop(requests);
    assert_eq!(end(Ok(server)).ok().stdout.lines().count(), 1);
}

#[test]
fn each_answer_comes_before_the_next_request() {
    let lab = Lab::new();
    let mut server = lab.command(&["serve", "--stdio"]);
    let mut server = server.stdin(Stdio::piped()).spawn().expect("it starts");
    let mut requests = server.stdin.take().expect("it is piped");
    let mut answers = BufReader::new(server.stdout.take().expect("it is piped")).lines();
    for request in [create(), ask(), tell(0, 1.0)] {
        writeln!(requests, "{request}").expect("it reads");
        let answer = answers.next().expect("it answers").expect("it is text");
        assert!(!answer.contains("error"), "{answer}");
    }
    drop(requests);
    assert!(server.wait().expect("it ends").success());
}

#[test]
fn a_value_that_is_not_finite_is_a_trial_that_diverged() {
    let mut lines = vec![format!("{}\n", create())];
    for (id, value) in ["NaN", "-Infinity", "\"inf\""].iter().enumerate() {
        lines.push("{\"op\": \"ask\"}\n".to_owned());
        lines.push(format!("{{\"op\": \"tell\", \"id\": {id}, \"value\": {value}}}\n"));
    }
    lines.push("{\"op\": \"ask\"}\n".to_owned());
    lines.push(
        "{\"op\": \"tell\", \"id\": 3, \"values\": [NaN], \"state\": \"pruned\"}\n".to_owned(),
    );
    let answers = answers_to_lines(&lines);
    for told in answers.iter().skip(2).step_by(2) {
        assert_eq!(*told, ok());
    }
    let answers = answers_to_lines(&[
        format!("{}\n", create()),
        "{\"op\": \"ask\"}\n".to_owned(),
        "{\"op\": \"tell\", \"id\": 0, \"value\": [NaN]}\n".to_owned(),
    ]);
    assert!(error(&answers[2]).contains("is not a number"), "{answers:?}");
}
