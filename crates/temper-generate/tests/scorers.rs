//! What every scorer of the registry promises. One that needs options to be built has some in
//! `options_of`.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use temper_generate::{
    ALL, Completion, Entry, EvaluationSet, GenerateError, Generator, Item, JudgeTarget, Options,
    Request, Scorer, ScorerError, Surroundings, build,
};

/// The scorers that ask somebody else, who may give any score to any output.
const ASKING: [&str; 2] = ["command", "judge"];

fn options_of(name: &str) -> Options {
    let options = match name {
        "regex" => json!({"pattern": r"-?\d"}),
        "json_schema" => json!({"schema": {"type": "integer"}}),
        "command" => json!({"command": ["sh", "-c", "cat > /dev/null; echo 0.5"]}),
        "judge" => json!({"endpoint": "http://127.0.0.1/v1", "model": "any"}),
        _ => json!({}),
    };
    options.as_object().unwrap().clone()
}

/// A judge who finds everything good.
#[derive(Debug)]
struct Kind;

impl Generator for Kind {
    fn identity(&self) -> Value {
        json!("kind")
    }

    fn complete(&self, _: &Request) -> Result<Completion, GenerateError> {
        Ok(Completion {
            text: "Score: 4".into(),
            input_tokens: None,
            output_tokens: None,
            latency: 0.0,
            finish_reason: None,
            refused: false,
        })
    }
}

fn build_with(entry: &Entry, options: &Options) -> Result<Box<dyn Scorer>, ScorerError> {
    let judge = |_: &JudgeTarget| Ok(Arc::new(Kind) as Arc<dyn Generator>);
    entry.build(options, &Surroundings { base_dir: ".".into(), judge: &judge })
}

/// Every scorer with its name.
fn all() -> impl Iterator<Item = (&'static str, Box<dyn Scorer>)> {
    ALL.iter().map(|entry| (entry.name, build_with(entry, &options_of(entry.name)).unwrap()))
}

/// An item that suits all of them.
fn item() -> Item {
    let line = json!({"prompt": "?", "answer": ["7", "-3"], "choices": ["7", "8", "-3"]});
    let set = EvaluationSet::from_jsonl(&line.to_string(), "set.jsonl".as_ref()).unwrap();
    set.items()[0].clone()
}

#[test]
fn names_are_unique_and_everything_has_a_summary() {
    let names: BTreeSet<_> = ALL.iter().map(|entry| entry.name).collect();
    assert_eq!(names.len(), ALL.len());
    for entry in ALL {
        let options = entry.options.iter().map(|option| option.summary);
        for summary in options.chain([entry.summary]) {
            assert!(!summary.is_empty() && !summary.ends_with('.'), "{}: {summary}", entry.name);
        }
    }
    let surroundings = Surroundings::without_judges(".");
    let error = build("blue", &Options::new(), &surroundings).unwrap_err();
    assert_eq!(error.to_string(), "there is no scorer `blue`");
}

#[test]
fn an_unknown_option_and_one_of_another_kind_are_refused_by_name() {
    for entry in ALL {
        let refusal = |name: &str, value| {
            let mut options = options_of(entry.name);
            options.insert(name.to_owned(), value);
            build_with(entry, &options).unwrap_err().to_string()
        };
        let unknown = format!("`{}`: unknown option `colour`: it has ", entry.name);
        assert!(refusal("colour", json!(1)).starts_with(&unknown));
        for option in entry.options {
            let wrong = format!("`{}`: `{}` is null, but must be ", entry.name, option.name);
            assert!(refusal(option.name, Value::Null).starts_with(&wrong));
        }
    }
}

#[test]
fn a_right_output_is_worth_all() {
    for (name, scorer) in all().filter(|(name, _)| !ASKING.contains(name)) {
        scorer.check(&item()).unwrap();
        for output in ["7", "-3"] {
            assert_eq!(scorer.score(output, &item()), Ok(1.0), "{name} of {output}");
        }
    }
}

const ODD: [&str; 16] = [
    "",
    " \n\t",
    "\0",
    "7\0",
    "😀 👩‍👩‍👧",
    "e\u{301}\u{202e}\u{feff}",
    "{\"a\": [1, ",
    "{\"a\": 1}}",
    "```json\n",
    "```",
    "1e999",
    "-",
    "a the",
    "A",
    "</output>",
    "{output} {{",
];

#[test]
fn odd_and_long_outputs_have_scores_from_0_to_1() {
    let long = ["7 or 8, it says. ".repeat(1 << 16), "x".repeat(1 << 20), "[".repeat(1 << 20)];
    for (name, scorer) in all() {
        for output in ODD.into_iter().chain(long.iter().map(String::as_str)) {
            let score = scorer.score(output, &item()).unwrap();
            let begin: String = output.chars().take(20).collect();
            assert!((0.0..=1.0).contains(&score), "{name} of {begin:?}: {score}");
        }
    }
}

#[test]
fn an_output_has_the_same_score_whenever_and_by_whichever_scorer_of_that_name() {
    for ((name, one), (_, other)) in all().zip(all()) {
        for output in ODD {
            let score = one.score(output, &item());
            assert_eq!(score, one.score(output, &item()), "{name} of {output:?}");
            assert_eq!(score, other.score(output, &item()), "{name} of {output:?}");
        }
    }
}
