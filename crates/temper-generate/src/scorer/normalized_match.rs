//! Whether the output is an answer after SQuAD's normalisation.

use super::registry::{Entry, no_options};
use super::squad::normalize;
use super::{Scorer, any};
use crate::Item;

pub(super) const ENTRY: Entry = Entry {
    name: "normalized_match",
    summary: "1 if the output is an answer, but for case, punctuation, articles and white space",
    options: &[],
    build: |options| {
        no_options(ENTRY.name, options)?;
        Ok(Box::new(NormalizedMatch))
    },
};

#[derive(Debug)]
struct NormalizedMatch;

impl Scorer for NormalizedMatch {
    fn score(&self, output: &str, item: &Item) -> f64 {
        let output = normalize(output);
        any(item, |answer| output == normalize(answer))
    }
}
