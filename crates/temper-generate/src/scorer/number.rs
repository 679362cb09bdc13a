//! The last number of the output, compared with that of an answer.

use regex::Regex;
use serde::Deserialize;

use super::option::{OptionKind, ScorerOption, read_options};
use super::registry::Entry;
use super::{ScoreFailure, Scorer, ScorerError, any};
use crate::Item;

pub(super) const ENTRY: Entry = Entry {
    name: "number",
    summary: "1 if the last number of the output, written as in 1,234.5, is that of an answer",
    options: &[
        ScorerOption {
            name: "tolerance",
            kind: OptionKind::Number,
            summary: "the largest difference that counts as none; default 1e-6",
        },
        ScorerOption {
            name: "relative_tolerance",
            kind: OptionKind::Number,
            summary: "the same as a share of the answer, if that is more; default 0",
        },
    ],
    make: |options, _| {
        let settings: Settings = read_options(ENTRY.name, options)?;
        for (name, value) in
            [("tolerance", settings.tolerance), ("relative_tolerance", settings.relative_tolerance)]
        {
            if value < 0.0 {
                let message = format!("`{name}` {value} is below 0");
                return Err(ScorerError::BadOptions { owner: ENTRY.name, message });
            }
        }
        Ok(Box::new(Number { settings, pattern: pattern() }))
    },
};

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    tolerance: f64,
    relative_tolerance: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { tolerance: 1e-6, relative_tolerance: 0.0 }
    }
}

#[derive(Debug)]
struct Number {
    settings: Settings,
    pattern: Regex,
}

impl Scorer for Number {
    fn score(&self, output: &str, item: &Item) -> Result<f64, ScoreFailure> {
        let Some(found) = self.last_of(output) else {
            return Ok(0.0);
        };
        Ok(any(item, |answer| self.last_of(answer).is_some_and(|right| self.is_near(found, right))))
    }

    fn check(&self, item: &Item) -> Result<(), ScorerError> {
        match item.answers.iter().find(|answer| self.last_of(answer).is_none()) {
            None => Ok(()),
            Some(answer) => Err(ScorerError::UnfitItem {
                owner: ENTRY.name,
                item: item.id.clone(),
                message: format!("has the answer {answer:?}, which has no number"),
            }),
        }
    }
}

impl Number {
    fn is_near(&self, found: f64, right: f64) -> bool {
        let Settings { tolerance, relative_tolerance } = self.settings;
        // Equal first: the difference of two infinities is no number.
        found == right || (found - right).abs() <= tolerance.max(relative_tolerance * right.abs())
    }

    fn last_of(&self, text: &str) -> Option<f64> {
        let captures = self.pattern.captures_iter(text).last()?;
        let digits = captures["digits"].replace(',', "");
        let magnitude: f64 = digits.parse().ok()?;
        // A dash right after a word or a number joins the two, as in 2020-21.
        let is_sign = |sign: regex::Match<'_>| {
            !text[..sign.start()].ends_with(|char: char| char.is_alphanumeric())
        };
        Some(if captures.name("minus").is_some_and(is_sign) { -magnitude } else { magnitude })
    }
}

/// A number as it is written in English: a sign, perhaps before a currency, and commas between
/// thousands.
fn pattern() -> Regex {
    let digits = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+";
    let pattern =
        format!(r"(?<minus>[-\u{{2212}}])?[$€£]?(?<digits>(?:{digits})(?:[eE][-+]?\d+)?)");
    // `\d` would also find digits that Rust can't read.
    Regex::new(&pattern.replace(r"\d", "[0-9]"))
        .expect("the pattern is fixed, and a test builds it")
}
