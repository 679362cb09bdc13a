#![expect(clippy::needless_pass_by_value, reason = "what `json!` makes is given away")]

use serde_json::{Value, json};

use super::*;
use crate::EvaluationSet;

pub(super) fn item(answer: Value) -> Item {
    line(json!({"prompt": "?", "answer": answer}))
}

pub(super) fn line(line: Value) -> Item {
    let set = EvaluationSet::from_jsonl(&line.to_string(), "set.jsonl".as_ref()).unwrap();
    set.items()[0].clone()
}

fn scorer(name: &str, options: Value) -> Box<dyn Scorer> {
    build(name, options.as_object().unwrap(), &Surroundings::without_judges(".")).unwrap()
}

fn is_right(name: &str, output: &str, answer: &str) -> bool {
    let score = scorer(name, json!({})).score(output, &item(json!(answer))).unwrap();
    assert!(score == 0.0 || score == 1.0);
    score == 1.0
}

fn refusal(name: &str, options: Value) -> String {
    let surroundings = Surroundings::without_judges(".");
    build(name, options.as_object().unwrap(), &surroundings).unwrap_err().to_string()
}

#[test]
fn an_exact_match_forgives_only_white_space_around_it() {
    assert!(is_right("exact_match", " Paris\n", "Paris"));
    assert!(!is_right("exact_match", "paris", "Paris"));
}

#[test]
fn a_normalized_match_forgives_case_punctuation_articles_and_white_space() {
    assert!(is_right("normalized_match", "The  Eiffel-Tower!", "an eiffeltower"));
    assert!(!is_right("normalized_match", "Eiffel Towers", "Eiffel Tower"));
}

#[test]
fn a_part_of_a_word_is_not_contained_and_nothing_in_an_empty_output_alone() {
    assert!(is_right("contains", "It is Paris.", "Paris"));
    assert!(!is_right("contains", "It is 42.", "4"));
    assert!(!is_right("contains", "concatenate", "cat"));
    assert!(is_right("contains", " ", ""));
    assert!(!is_right("contains", "Paris", ""));
}

#[test]
fn a_pattern_is_compared_by_its_first_group() {
    let score = |pattern: &str, output: &str| {
        scorer("regex", json!({"pattern": pattern})).score(output, &item(json!("42"))).unwrap()
    };
    assert_eq!(score("#### *(.+)", "6 * 7\n#### 42 "), 1.0);
    assert_eq!(score("\\d+", "42 or 43"), 1.0);
    assert_eq!(score("\\d+", "43 or 42"), 0.0);
    assert_eq!(score("x(\\d)?", "x"), 0.0);
    assert!(refusal("regex", json!({"pattern": "("})).starts_with("`regex`: `pattern`: "));
    assert_eq!(refusal("regex", json!({})), "`regex`: missing field `pattern`");
}

#[test]
fn the_last_number_counts_with_its_sign_and_thousands() {
    for (output, answer) in [
        ("3 apples, so 1,234.5 in all.", "1234.5"),
        ("-7", "\u{2212}7"),
        ("It costs -$5.00", "-5"),
        ("in 2020-21", "21"),
        (".5", "0.5"),
        ("50%", "50"),
        ("1.5e3", "1500"),
        ("42.", "reasons #### 42"),
        ("1,234,567", "1234567"),
        ("0.1234567", "0.1234562"),
    ] {
        assert!(is_right("number", output, answer), "{output} is not {answer}");
    }
    for (output, answer) in [("7", "-7"), ("1.01", "1"), ("no number", "0"), ("7 or 8", "7")] {
        assert!(!is_right("number", output, answer), "{output} is {answer}");
    }
}

#[test]
fn tolerances_are_absolute_or_relative() {
    let score = |options| scorer("number", options).score("101", &item(json!(100))).unwrap();
    assert_eq!(score(json!({"tolerance": 0.5})), 0.0);
    assert_eq!(score(json!({"tolerance": 1})), 1.0);
    assert_eq!(score(json!({"relative_tolerance": 0.01})), 1.0);
    assert_eq!(score(json!({"relative_tolerance": 0.009})), 0.0);
    assert_eq!(refusal("number", json!({"tolerance": -1})), "`number`: `tolerance` -1 is below 0");
    let unknown = "`number`: unknown option `tol`: it has `tolerance`, `relative_tolerance`";
    assert_eq!(refusal("number", json!({"tol": 1})), unknown);
    let error = scorer("number", json!({})).check(&item(json!("many"))).unwrap_err();
    let expected = "`number`: item \"1\" has the answer \"many\", which has no number";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn json_may_stand_in_a_fence() {
    for output in ["{\"a\": [1]}", "Here:\n```json\n{\"a\": 1}\n```\nDone.", " 3\n"] {
        assert!(is_right("json", output, "any"), "{output}");
    }
    for output in ["", "{a: 1}", "{} {}", "```json\n{\n```", "```json\n{}"] {
        assert!(!is_right("json", output, "any"), "{output}");
    }
}
