//! Scorers against sacrebleu, rouge-score and SQuAD's rules: `reference/scores.py` writes the
//! numbers.

use std::collections::BTreeMap;

use serde::Deserialize;
use temper_generate::{EvaluationSet, Options, Surroundings, build};

/// Both sides round in the last digits of a few logarithms and quotients.
const TOLERANCE: f64 = 1e-9;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    output: String,
    answers: Vec<String>,
    scores: BTreeMap<String, f64>,
}

#[test]
fn scores_are_those_of_the_python_packages() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../reference/scores.json")).unwrap();
    assert!(cases.len() >= 25);
    for Case { output, answers, scores } in cases {
        let line = serde_json::json!({"prompt": "?", "answer": answers}).to_string();
        let set = EvaluationSet::from_jsonl(&line, "set.jsonl".as_ref()).unwrap();
        for (name, expected) in scores {
            let scorer = build(&name, &Options::new(), &Surroundings::without_judges(".")).unwrap();
            let score = scorer.score(&output, &set.items()[0]).unwrap();
            assert!(
                (score - expected).abs() < TOLERANCE,
                "{name} of {output:?} for {answers:?}: {score}, not {expected}"
            );
        }
    }
}
