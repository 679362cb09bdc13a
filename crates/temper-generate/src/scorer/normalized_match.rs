//! Whether the output is an answer after SQuAD's normalisation.

use super::registry::Entry;
use super::squad::normalize;
use super::{ScoreFailure, Scorer, any};
use crate::Item;

pub(super) const ENTRY: Entry = Entry {
    name: "normalized_match",
    summary: "1 if the output is an answer, but for case, punctuation, articles and white space",
    options: &[],
    make: |_, _| Ok(Box::new(NormalizedMatch)),
};

#[derive(Debug)]
struct NormalizedMatch;

impl Scorer for NormalizedMatch {
    fn score(&self, output: &str, item: &Item) -> Result<f64, ScoreFailure> {
        let output = normalize(output);
        Ok(any(item, |answer| output == normalize(answer)))
    }
}
