//! chrF2 (Popovic 2015) of one sentence, as sacrebleu has it: character n-grams up to order 6.

use super::ngrams::{counts, shared};
use super::registry::Entry;
use super::{ScoreFailure, Scorer, best};
use crate::Item;

pub(super) const ENTRY: Entry = Entry {
    name: "chrf",
    summary: "chrF2 of sacrebleu: character n-grams up to 6, recall counted twice",
    options: &[],
    make: |_, _| Ok(Box::new(Chrf)),
};

#[derive(Debug)]
struct Chrf;

impl Scorer for Chrf {
    fn score(&self, output: &str, item: &Item) -> Result<f64, ScoreFailure> {
        let output = characters(output);
        Ok(best(item, |answer| f_score(&output, &characters(answer))))
    }
}

const MAX_ORDER: usize = 6;
const BETA_SQUARED: f64 = 4.0;

fn characters(text: &str) -> Vec<char> {
    text.split_whitespace().flat_map(str::chars).collect()
}

/// Popovic 2015, equation 1, of the means over the orders that both texts are long enough for.
fn f_score(output: &[char], answer: &[char]) -> f64 {
    let orders = MAX_ORDER.min(output.len()).min(answer.len());
    let (mut precision, mut recall) = (0.0, 0.0);
    for order in 1..=orders {
        let shared = shared(&counts(output, order), &counts(answer, order)) as f64;
        precision += shared / (output.len() + 1 - order) as f64;
        recall += shared / (answer.len() + 1 - order) as f64;
    }
    if precision + recall == 0.0 {
        return 0.0;
    }
    let (precision, recall) = (precision / orders as f64, recall / orders as f64);
    (1.0 + BETA_SQUARED) * precision * recall / (BETA_SQUARED * precision + recall)
}
