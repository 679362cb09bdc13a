//! Whether an answer stands somewhere in the output.

use super::registry::Entry;
use super::words::stands_in;
use super::{ScoreFailure, Scorer, any};
use crate::Item;

pub(super) const ENTRY: Entry = Entry {
    name: "contains",
    summary: "1 if an answer stands in the output, in the same case and not as part of a word",
    options: &[],
    make: |_, _| Ok(Box::new(Contains)),
};

#[derive(Debug)]
struct Contains;

impl Scorer for Contains {
    fn score(&self, output: &str, item: &Item) -> Result<f64, ScoreFailure> {
        Ok(any(item, |answer| match answer.trim() {
            // It stands in every text, and would always be right.
            "" => output.trim().is_empty(),
            answer => stands_in(answer, output),
        }))
    }
}
