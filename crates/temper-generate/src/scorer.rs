//! How good an output is: one file per scorer, and one line each in the registry.

use std::fmt;

use crate::Item;

mod bleu;
mod choice;
mod chrf;
mod command;
mod contains;
mod error;
mod exact_match;
mod failure;
mod json;
mod json_schema;
mod judge;
mod ngrams;
mod normalized_match;
mod number;
mod option;
mod regex_match;
mod registry;
mod rouge_l;
mod squad;
mod surroundings;
mod token_f1;
mod words;

pub use error::ScorerError;
pub use failure::ScoreFailure;
pub use option::{OptionKind, Options, ScorerOption};
pub use registry::{ALL, Entry, build};
pub use surroundings::{FindJudge, JudgeTarget, Surroundings};

/// Says how good an output is.
///
/// ```
/// use temper_generate::{EvaluationSet, Options, Surroundings, build};
///
/// let lines = r#"{"prompt": "The capital of France?", "answer": "Paris"}"#;
/// let set = EvaluationSet::from_jsonl(lines, "capitals.jsonl".as_ref()).unwrap();
/// let scorer = build("contains", &Options::new(), &Surroundings::without_judges("."))?;
/// assert_eq!(scorer.score("It is Paris.", &set.items()[0]), Ok(1.0));
/// # Ok::<(), temper_generate::ScorerError>(())
/// ```
pub trait Scorer: fmt::Debug + Send + Sync {
    /// How good `output` is as an answer to `item`, from 0 to 1. Of several answers, that which the
    /// output is closest to counts, unless the scorer says otherwise.
    ///
    /// # Errors
    ///
    /// If whoever is asked has no score, which is none of the output's faults. A scorer that
    /// compares with the answers by itself always has one.
    fn score(&self, output: &str, item: &Item) -> Result<f64, ScoreFailure>;

    /// Checks that `item` has what this scorer compares with, before anything runs.
    ///
    /// # Errors
    ///
    /// If no output could be right.
    fn check(&self, _: &Item) -> Result<(), ScorerError> {
        Ok(())
    }
}

/// The best score of the answers of `item`.
fn best(item: &Item, score: impl Fn(&str) -> f64) -> f64 {
    item.answers.iter().map(|answer| score(answer)).fold(0.0, f64::max)
}

/// 1 if an answer of `item` is right, and otherwise 0.
fn any(item: &Item, is_right: impl Fn(&str) -> bool) -> f64 {
    f64::from(u8::from(item.answers.iter().any(|answer| is_right(answer))))
}

#[cfg(test)]
mod tests;
