//! BLEU (Papineni et al. 2002) of one sentence, as sacrebleu has it: tokenizer 13a, exponential
//! smoothing, and only the orders that the output is long enough for.

use std::collections::BTreeMap;

use regex::Regex;

use super::ngrams::{counts, shared};
use super::registry::Entry;
use super::{ScoreFailure, Scorer};
use crate::Item;

pub(super) const ENTRY: Entry = Entry {
    name: "bleu",
    summary: "sentence BLEU of sacrebleu; several answers are references together",
    options: &[],
    make: |_, _| Ok(Box::new(Bleu { tokenizer: Tokenizer::new() })),
};

const MAX_ORDER: usize = 4;

#[derive(Debug)]
struct Bleu {
    tokenizer: Tokenizer,
}

impl Scorer for Bleu {
    /// Several answers count together, as BLEU defines it: an n-gram may be in any of them.
    fn score(&self, output: &str, item: &Item) -> Result<f64, ScoreFailure> {
        let output = self.tokenizer.tokenize(output);
        let answers: Vec<_> =
            item.answers.iter().map(|answer| self.tokenizer.tokenize(answer)).collect();
        // Rounding may bring it above 1.
        Ok(bleu(&output, &answers).min(1.0))
    }
}

fn bleu(output: &[String], answers: &[Vec<String>]) -> f64 {
    let orders = MAX_ORDER.min(output.len());
    let (mut smoothing, mut log_sum, mut any_correct) = (1.0, 0.0, false);
    for order in 1..=orders {
        let correct = shared(&counts(output, order), &most(answers, order));
        any_correct |= correct > 0;
        // Chen and Cherry 2014, method 3: each order without a match halves what is assumed.
        let matches = if correct > 0 {
            correct as f64
        } else {
            smoothing /= 2.0;
            smoothing
        };
        log_sum += (matches / (output.len() + 1 - order) as f64).ln();
    }
    if !any_correct {
        return 0.0;
    }
    let closest = answers.iter().map(Vec::len).min_by_key(|len| (len.abs_diff(output.len()), *len));
    let ratio = closest.unwrap_or(0) as f64 / output.len() as f64;
    (log_sum / orders as f64 + (1.0 - ratio).min(0.0)).exp()
}

/// How often each n-gram is in the answer that has it most.
fn most(answers: &[Vec<String>], order: usize) -> BTreeMap<&[String], usize> {
    let mut most = BTreeMap::new();
    for (ngram, count) in answers.iter().flat_map(|answer| counts(answer, order)) {
        let entry = most.entry(ngram).or_insert(0);
        *entry = count.max(*entry);
    }
    most
}

/// The tokenizer of mteval-v13a.pl.
#[derive(Debug)]
struct Tokenizer {
    rules: [(Regex, &'static str); 4],
}

impl Tokenizer {
    fn new() -> Self {
        let rule = |pattern, replacement| {
            (Regex::new(pattern).expect("the pattern is fixed, and a test builds it"), replacement)
        };
        Self {
            rules: [
                // All of ASCII's punctuation but ' , - and the full stop.
                rule(r"([{-~\[-` -&(-+:-@/])", " $1 "),
                rule(r"([^0-9])([.,])", "$1 $2 "),
                rule(r"([.,])([^0-9])", " $1 $2"),
                rule(r"([0-9])(-)", "$1 $2 "),
            ],
        }
    }

    fn tokenize(&self, text: &str) -> Vec<String> {
        let replacements = [
            ("<skipped>", ""),
            ("-\n", ""),
            ("\n", " "),
            ("&quot;", "\""),
            ("&amp;", "&"),
            ("&lt;", "<"),
            ("&gt;", ">"),
        ];
        let mut text = text.trim_end().to_owned();
        for (from, to) in replacements {
            text = text.replace(from, to);
        }
        text = format!(" {text} ");
        for (pattern, replacement) in &self.rules {
            text = pattern.replace_all(&text, *replacement).into_owned();
        }
        text.split_whitespace().map(str::to_owned).collect()
    }
}
