//! Requests that can't be met: each is answered with an error, and changes nothing.

use serde_json::{Value, json};

use crate::{answers, answers_to_lines, ask, create, error, ok, tell};

#[test]
fn a_study_that_cannot_be_is_refused_and_another_can_be_created() {
    let wrong = |key: &str, value: Value| {
        let mut create = create();
        create[key] = value;
        create
    };
    let bounds = json!({"lr": {"type": "float", "low": 1.0, "high": 0.5}});
    let requests = [
        wrong("space", bounds),
        wrong("space", json!({"lr": {"type": "flaot", "low": 0.0, "high": 0.5}})),
        wrong("space", json!(5)),
        wrong("sampler", "no-such".into()),
        wrong("pruner", "no-such".into()),
        wrong("direction", "up".into()),
        wrong("directions", json!([])),
        wrong("seed", json!(-1)),
        wrong("constraints", json!(["latency_ms < 50"])),
        json!({"op": "create"}),
        ask(),
        create(),
        ask(),
    ];
    let answers = answers(&requests);
    for refused in &answers[..11] {
        error(refused);
    }
    assert_eq!(error(&answers[10]), "there is no study yet: send `create` first");
    assert_eq!(answers[11], ok());
    assert_eq!(answers[12]["id"], 0);
}

#[test]
fn a_refused_create_leaves_the_study_before_it() {
    let mut wrong = create();
    wrong["sampler"] = "no-such".into();
    let answers = answers(&[create(), ask(), wrong, ask()]);
    error(&answers[2]);
    assert_eq!(answers[3]["id"], 1);
}

#[test]
fn a_wrong_request_is_answered_and_changes_nothing() {
    let lines = [
        create().to_string(),
        ask().to_string(),
        "not JSON".to_owned(),
        "[1, 2]".to_owned(),
        "{}".to_owned(),
        r#"{"op": "tel"}"#.to_owned(),
        r#"{"op": "tell"}"#.to_owned(),
        r#"{"op": "tell", "id": 7, "value": 1.0}"#.to_owned(),
        r#"{"op": "tell", "id": "0", "value": 1.0}"#.to_owned(),
        r#"{"op": "tell", "id": 0}"#.to_owned(),
        r#"{"op": "tell", "id": 0, "value": "low"}"#.to_owned(),
        r#"{"op": "tell", "id": 0, "values": [1.0, 2.0]}"#.to_owned(),
        r#"{"op": "tell", "id": 0, "state": "done"}"#.to_owned(),
        r#"{"op": "report", "id": 7, "step": 1, "value": 1.0}"#.to_owned(),
        r#"{"op": "report", "id": 0, "step": -1, "value": 1.0}"#.to_owned(),
        r#"{"op": "report", "id": 0, "value": 1.0}"#.to_owned(),
        r#"{"op": "tell", "id": 0, "value": 1e999}"#.to_owned(),
        tell(0, 1.0).to_string(),
        tell(0, 1.0).to_string(),
        ask().to_string(),
    ];
    let lines = lines.map(|line| line + "\n");
    let answers = answers_to_lines(&lines);
    for refused in &answers[2..17] {
        error(refused);
    }
    assert_eq!(answers[17], ok());
    assert_eq!(error(&answers[18]), "trial 0 is not running");
    assert_eq!(answers[19]["id"], 1);
}
