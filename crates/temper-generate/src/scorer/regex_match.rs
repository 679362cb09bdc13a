//! What a pattern finds in the output, compared with the answers.

use regex::Regex;
use serde::Deserialize;

use super::option::{OptionKind, ScorerOption, read_options};
use super::registry::Entry;
use super::{ScoreFailure, Scorer, ScorerError, any};
use crate::Item;

pub(super) const ENTRY: Entry = Entry {
    name: "regex",
    summary: "1 if what a pattern finds first in the output is an answer",
    options: &[ScorerOption {
        name: "pattern",
        kind: OptionKind::Text,
        summary: "a regular expression; its first group is compared, or all of it if it has none",
    }],
    make: |options, _| {
        let Settings { pattern } = read_options(ENTRY.name, options)?;
        let pattern = Regex::new(&pattern).map_err(|error| ScorerError::BadOptions {
            owner: ENTRY.name,
            message: format!("`pattern`: {error}"),
        })?;
        Ok(Box::new(RegexMatch { pattern }))
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    pattern: String,
}

#[derive(Debug)]
struct RegexMatch {
    pattern: Regex,
}

impl Scorer for RegexMatch {
    fn score(&self, output: &str, item: &Item) -> Result<f64, ScoreFailure> {
        let Some(captures) = self.pattern.captures(output) else {
            return Ok(0.0);
        };
        // A group that took no part in the match found nothing.
        let group = if captures.len() > 1 { 1 } else { 0 };
        let Some(found) = captures.get(group) else {
            return Ok(0.0);
        };
        Ok(any(item, |answer| found.as_str().trim() == answer.trim()))
    }
}
