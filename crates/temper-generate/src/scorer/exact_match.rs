//! Whether the output is an answer, but for white space around it.

use super::registry::Entry;
use super::{ScoreFailure, Scorer, any};
use crate::Item;

pub(super) const ENTRY: Entry = Entry {
    name: "exact_match",
    summary: "1 if the output is an answer, without the white space around it",
    options: &[],
    make: |_, _| Ok(Box::new(ExactMatch)),
};

#[derive(Debug)]
struct ExactMatch;

impl Scorer for ExactMatch {
    fn score(&self, output: &str, item: &Item) -> Result<f64, ScoreFailure> {
        Ok(any(item, |answer| output.trim() == answer.trim()))
    }
}
