//! What a pattern finds in the output, compared with the answers.

use regex::Regex;
use serde::Deserialize;

use super::registry::{Entry, ScorerError, ScorerOption, read_options};
use super::{Scorer, any};
use crate::Item;

pub(super) const ENTRY: Entry = Entry {
    name: "regex",
    summary: "1 if what a pattern finds first in the output is an answer",
    options: &[ScorerOption {
        name: "pattern",
        summary: "a regular expression; its first group is compared, or all of it if it has none",
    }],
    build: |options| {
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
    fn score(&self, output: &str, item: &Item) -> f64 {
        let Some(captures) = self.pattern.captures(output) else {
            return 0.0;
        };
        // A group that took no part in the match found nothing.
        let group = if captures.len() > 1 { 1 } else { 0 };
        let Some(found) = captures.get(group) else {
            return 0.0;
        };
        any(item, |answer| found.as_str().trim() == answer.trim())
    }
}
