//! Copies for programs that train a population themselves.

use serde_json::{Value, json};

use crate::{answers, ask, create, ok};

fn report(id: u64, step: u64, value: f64) -> Value {
    json!({"op": "report", "id": id, "step": step, "value": value})
}

fn paused(id: u64) -> Value {
    json!({"op": "tell", "id": id, "state": "paused"})
}

#[test]
fn the_worst_is_replaced_by_a_copy_of_the_best_which_waits_until_it_has_reported() {
    let mut create = create();
    create["sampler"] = "pbt".into();
    create["options"] = json!({"population": 2, "interval": 2});
    create["max_resource"] = 4.into();
    let lines = [
        create,
        ask(),
        report(0, 2, 5.0),
        paused(0),
        ask(),
        report(1, 2, 1.0),
        paused(1),
        ask(),
        ask(),
        report(2, 3, 0.5),
        ask(),
    ];
    let answers = answers(&lines);
    assert_eq!(answers[1]["until"], 2);
    assert_eq!(answers[2]["pause"], true);
    assert_eq!([&answers[3], &answers[6]], [&ok(), &ok()]);
    let copy = &answers[7];
    assert_eq!((&copy["id"], &copy["fork"], &copy["replaces"]), (&json!(2), &json!(1), &json!(0)));
    assert_eq!((&copy["step"], &copy["until"]), (&json!(2), &Value::Null));
    assert_ne!(copy["params"], answers[4]["params"]);
    let note = copy["note"].as_str().expect("it has a note");
    assert!(
        note.starts_with("in place of trial 0 (value0 5, place 2 of 2) it copies trial 1"),
        "{note}"
    );
    assert!(answers[8]["error"].as_str().is_some_and(|it| it.contains("nothing to ask until")));
    assert_eq!((&answers[10]["id"], &answers[10]["resume"]), (&json!(1), &json!(true)));
}
