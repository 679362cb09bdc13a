//! How good an output is: one file per scorer, and one line each in the registry.

use std::fmt;

use crate::Item;

mod bleu;
mod choice;
mod chrf;
mod contains;
mod exact_match;
mod json;
mod ngrams;
mod normalized_match;
mod number;
mod regex_match;
mod registry;
mod rouge_l;
mod squad;
mod token_f1;

pub use registry::{ALL, Entry, Options, ScorerError, ScorerOption, build};

/// Says how good an output is.
pub trait Scorer: fmt::Debug + Send + Sync {
    /// How good `output` is as an answer to `item`, from 0 to 1. Of several answers, that which the
    /// output is closest to counts, unless the scorer says otherwise.
    fn score(&self, output: &str, item: &Item) -> f64;

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
