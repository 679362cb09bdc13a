//! ROUGE-L (Lin 2004, section 3.1) with beta 1, as in the Python package rouge-score without a stemmer.

use super::registry::Entry;
use super::{ScoreFailure, Scorer, best};
use crate::Item;

pub(super) const ENTRY: Entry = Entry {
    name: "rouge_l",
    summary: "F1 of the longest common subsequence of words, as the package rouge-score has it",
    options: &[],
    make: |_, _| Ok(Box::new(RougeL)),
};

#[derive(Debug)]
struct RougeL;

impl Scorer for RougeL {
    fn score(&self, output: &str, item: &Item) -> Result<f64, ScoreFailure> {
        let output = tokens(output);
        Ok(best(item, |answer| f1(&output, &tokens(answer))))
    }
}

fn tokens(text: &str) -> Vec<String> {
    let is_separator = |char: char| !char.is_ascii_lowercase() && !char.is_ascii_digit();
    let lower = text.to_lowercase();
    let tokens = lower.split(is_separator).filter(|token| !token.is_empty());
    tokens.map(str::to_owned).collect()
}

fn f1(output: &[String], answer: &[String]) -> f64 {
    if output.is_empty() || answer.is_empty() {
        return 0.0;
    }
    2.0 * longest_common(output, answer) as f64 / (output.len() + answer.len()) as f64
}

/// The length of the longest common subsequence; in one row of the table, for outputs are long.
fn longest_common(left: &[String], right: &[String]) -> usize {
    let mut row = vec![0; right.len() + 1];
    for one in left {
        let mut diagonal = 0;
        for (index, other) in right.iter().enumerate() {
            let above = row[index + 1];
            row[index + 1] = if one == other { diagonal + 1 } else { above.max(row[index]) };
            diagonal = above;
        }
    }
    row[right.len()]
}
