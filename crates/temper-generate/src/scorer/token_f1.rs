//! The tokens that output and answer share, as SQuAD counts them (Rajpurkar et al. 2016).

use super::ngrams::{counts, shared};
use super::registry::Entry;
use super::squad::{normalize, words};
use super::{ScoreFailure, Scorer, best};
use crate::Item;

pub(super) const ENTRY: Entry = Entry {
    name: "token_f1",
    summary: "F1 of the words that output and answer share, as in SQuAD",
    options: &[],
    make: |_, _| Ok(Box::new(TokenF1)),
};

#[derive(Debug)]
struct TokenF1;

impl Scorer for TokenF1 {
    fn score(&self, output: &str, item: &Item) -> Result<f64, ScoreFailure> {
        let output = normalize(output);
        Ok(best(item, |answer| f1(&words(&output), &words(&normalize(answer)))))
    }
}

fn f1(output: &[&str], answer: &[&str]) -> f64 {
    if output.is_empty() || answer.is_empty() {
        // As in SQuAD 2.0, whose questions without an answer are answered by nothing.
        return f64::from(u8::from(output == answer));
    }
    let shared = shared(&counts(output, 1), &counts(answer, 1)) as f64;
    2.0 * shared / (output.len() + answer.len()) as f64
}
