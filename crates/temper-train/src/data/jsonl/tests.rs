//! Tests of what lines are accepted, and of what is said of the others.

use super::*;

fn read_files(files: &[(&str, &[u8])]) -> Result<Vec<Line>, String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    read("data", &["*.jsonl".into()], folder.path()).map_err(|error| {
        assert_eq!(error.key(), Some("data"));
        assert!(error.help().is_some(), "{error}");
        let folder = folder.path().canonicalize().unwrap();
        error.to_string().replace(&format!("{}/", folder.display()), "")
    })
}

/// What is said of a second line, after a good one.
fn refusal(line: &str) -> String {
    let text = format!("{{\"prompt\": \"p\", \"completion\": \"c\"}}\n{line}\n");
    read_files(&[("a.jsonl", text.as_bytes())]).unwrap_err()
}

#[test]
fn each_kind_is_known_by_its_keys_and_others_are_passed_over() {
    let lines = [
        r#"{"id": 1, "text": "t"}"#,
        r#"{"prompt": "", "completion": "c", "source": null}"#,
        r#"{"messages": [{"role": "assistant", "content": "hi", "name": "x"}]}"#,
        r#"{"label": "l", "prompt": "p"}"#,
    ];
    let kinds = lines.map(|line| parse(line).unwrap().kind());
    assert_eq!(kinds, Kind::ALL);
}

#[test]
fn blank_lines_line_ends_and_byte_order_marks_are_passed_over_and_lines_counted() {
    let text = "\u{feff}{\"text\": \"a\"}\r\n\r\n{\"text\": \"b\\r\"}";
    let lines = read_files(&[("a.jsonl", text.as_bytes())]).unwrap();
    assert_eq!(lines.iter().map(|line| line.place.line).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(lines[1].record, Record::Text("b\r".into()));
}

#[test]
fn what_is_wrong_with_a_line_is_said_with_its_file_and_number() {
    let said = [
        r#"{"prompt": "p", "#,
        r#"["prompt"]"#,
        r#"{"question": "p", "completion": "c"}"#,
        r#"{"prompt": "p", "completion": "c", "label": "l"}"#,
        r#"{"prompt": "p", "completion": 3}"#,
        r#"{"prompt": " ", "completion": "\n"}"#,
        r#"{"prompt": "p", "label": ""}"#,
        r#"{"messages": "hello"}"#,
        r#"{"messages": [{"role": "user"}]}"#,
        r#"{"messages": [{"role": "user", "content": "hi"}]}"#,
        r#"{"prompt": "p", "label": "l"}"#,
    ]
    .map(refusal);
    let expected = [
        "not JSON: EOF while parsing a value at column 16",
        "a list, not an object",
        "no kind of example has the keys [\"completion\", \"question\"]",
        "the keys [\"completion\", \"label\", \"prompt\"] are those of two kinds of examples",
        "`completion` is a number, not text",
        "`prompt` with `completion` is blank",
        "`label` is blank",
        "`messages` is text, not a list",
        "`messages[0].content` is null or missing, not text",
        "no message has the role \"assistant\"",
        "it has `prompt` and `label`, and the lines before it `prompt` and `completion`",
    ];
    for (said, expected) in said.iter().zip(expected) {
        assert_eq!(*said, format!("a.jsonl:2: {expected}"));
    }
}

#[test]
fn an_empty_file_and_bytes_that_are_not_utf8_are_errors() {
    let good = b"{\"text\": \"a\"}\n";
    assert_eq!(
        read_files(&[("a.jsonl", good), ("b.jsonl", b"\n \n")]).unwrap_err(),
        "b.jsonl:1: the file is empty"
    );
    let bytes = [&good[..], &b"{\"text\": \"\xff\"}\n"[..]].concat();
    assert_eq!(read_files(&[("a.jsonl", &bytes)]).unwrap_err(), "a.jsonl:2: not UTF-8");
}
