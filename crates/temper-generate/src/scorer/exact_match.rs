//! Whether the output is an answer, but for white space around it.

use super::registry::{Entry, no_options};
use super::{Scorer, any};
use crate::Item;

pub(super) const ENTRY: Entry = Entry {
    name: "exact_match",
    summary: "1 if the output is an answer, without the white space around it",
    options: &[],
    build: |options| {
        no_options(ENTRY.name, options)?;
        Ok(Box::new(ExactMatch))
    },
};

#[derive(Debug)]
struct ExactMatch;

impl Scorer for ExactMatch {
    fn score(&self, output: &str, item: &Item) -> f64 {
        any(item, |answer| output.trim() == answer.trim())
    }
}
