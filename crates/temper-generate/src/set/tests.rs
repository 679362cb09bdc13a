use std::collections::BTreeSet;

use super::*;
use crate::{Message, Prompt, Role};

fn set(text: &str) -> EvaluationSet {
    EvaluationSet::from_jsonl(text, "set.jsonl".as_ref()).unwrap()
}

fn error(text: &str) -> String {
    EvaluationSet::from_jsonl(text, "set.jsonl".as_ref()).unwrap_err().to_string()
}

fn ids(set: &EvaluationSet) -> BTreeSet<&str> {
    set.items().iter().map(|item| item.id.as_str()).collect()
}

fn many(ids: impl Iterator<Item = usize>) -> EvaluationSet {
    let line = |id| format!("{{\"id\": {id}, \"prompt\": \"?\", \"answer\": {id}}}\n");
    set(&ids.map(line).collect::<String>())
}

#[test]
fn an_item_has_what_its_line_says_and_defaults_elsewhere() {
    let set = set("\n{\"prompt\": \"1 + 1?\", \"answer\": 2}\n\
         {\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}], \"answer\": [\"a\", 0.5], \
         \"id\": \"x\", \"weight\": 2, \"choices\": [\"a\", \"b\"], \"topic\": \"t\", \"level\": 3, \
         \"tags\": []}");
    let [first, second] = set.items() else { panic!("two items") };
    assert_eq!(first.id, "2");
    assert_eq!(first.prompt, Prompt::Text("1 + 1?".into()));
    assert_eq!((first.answers.as_slice(), first.weight), (["2".to_owned()].as_slice(), 1.0));
    assert!(first.choices.is_empty() && first.fields.is_empty());
    assert_eq!(second.prompt, Prompt::Messages(vec![Message::new(Role::User, "Hi")]));
    assert_eq!(second.answers, ["a", "0.5"]);
    assert_eq!((second.id.as_str(), second.weight), ("x", 2.0));
    assert_eq!(second.choices, ["a", "b"]);
    let fields: Vec<_> = second.fields.iter().map(|(key, text)| (&**key, &**text)).collect();
    assert_eq!(fields, [("level", "3"), ("topic", "t")]);
}

#[test]
fn a_line_that_is_no_item_is_refused_by_its_number() {
    let good = r#"{"prompt": "?", "answer": "a"}"#;
    let cases = [
        ("[1]", "a list, not an object"),
        (r#"{"answer": "a"}"#, "neither `prompt` nor `messages`"),
        (r#"{"prompt": "?", "messages": [], "answer": "a"}"#, "both `prompt` and `messages`"),
        (r#"{"prompt": "?"}"#, "no `answer`"),
        (r#"{"prompt": "?", "answer": []}"#, "`answer` is an empty list"),
        (
            r#"{"prompt": "?", "answer": true}"#,
            "`answer` is true or false, not text, a number or a list of them",
        ),
        (r#"{"prompt": 1, "answer": "a"}"#, "`prompt` is a number, not text"),
        (
            r#"{"prompt": "?", "answer": "a", "weight": 0}"#,
            "`weight` 0 is not above 0 and at most 1e9",
        ),
        (r#"{"prompt": "?", "answer": "a", "id": 1}"#, "id \"1\" is that of line 1"),
        (r#"{"prompt": "?", "answer": "a", "choices": [1]}"#, "`choices[0]` is a number, not text"),
        (
            r#"{"messages": [{"role": "bot", "content": ""}], "answer": "a"}"#,
            "`messages[0].role` \"bot\" is none of \"system\", \"user\" and \"assistant\"",
        ),
        (
            r#"{"messages": [{"role": "user"}], "answer": "a"}"#,
            "`messages[0].content` is null or missing, not text",
        ),
        (r#"{"messages": [], "answer": "a"}"#, "`messages` is an empty list"),
    ];
    for (line, message) in cases {
        assert_eq!(error(&format!("{good}\n{line}")), format!("set.jsonl, line 2: {message}"));
    }
    assert!(error("{").starts_with("set.jsonl, line 1: not JSON: "));
    assert_eq!(error("\n\n"), "evaluation set set.jsonl is empty");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set.jsonl");
    let error = EvaluationSet::read(&path).unwrap_err();
    assert!(error.to_string().contains("set.jsonl"));
    assert_eq!(error.help(), "correct the path, or make the file readable");
    fs::write(&path, b"\n\xff").unwrap();
    let error = EvaluationSet::read(&path).unwrap_err();
    assert!(error.to_string().ends_with("set.jsonl, line 2: not UTF-8"));
    fs::write(&path, "\u{feff}{\"prompt\": \"?\", \"answer\": \"a\"}\r\n").unwrap();
    assert_eq!(EvaluationSet::read(&path).unwrap().items().len(), 1);
}

#[test]
fn an_order_is_of_the_seed_and_has_every_item_once() {
    let set = many(0..50);
    let order = set.order(7);
    assert_eq!(order, set.order(7));
    assert_ne!(order, set.order(8));
    assert_eq!(order.iter().copied().collect::<BTreeSet<_>>(), (0..50).collect());
}

#[test]
fn a_split_is_disjoint_whole_and_blind_to_the_order_of_the_file() {
    let (search, held_out) = many(0..50).split(0.2, 7).unwrap();
    assert_eq!((search.items().len(), held_out.items().len()), (40, 10));
    assert!(ids(&search).is_disjoint(&ids(&held_out)));
    let (_, of_another_seed) = many(0..50).split(0.2, 8).unwrap();
    assert_ne!(ids(&held_out), ids(&of_another_seed));
    let (search_again, held_out_again) = many((0..50).rev()).split(0.2, 7).unwrap();
    assert_eq!(ids(&search), ids(&search_again));
    assert_eq!(ids(&held_out), ids(&held_out_again));
}

#[test]
fn a_split_with_an_empty_part_is_refused() {
    let error = |fraction, items| many(0..items).split(fraction, 7).unwrap_err().to_string();
    assert_eq!(error(1.0, 9), "held-out fraction 1 is not above 0 and below 1");
    assert_eq!(
        error(0.01, 9),
        "held-out fraction 0.01 of 9 items is 0, which leaves none on one side"
    );
    assert!(many(0..2).split(0.5, 7).is_ok());
}
