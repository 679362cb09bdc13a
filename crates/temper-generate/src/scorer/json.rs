//! Whether the output is JSON, whatever it says.

use super::registry::Entry;
use super::{ScoreFailure, Scorer};
use crate::Item;
use serde::de::IgnoredAny;

pub(super) const ENTRY: Entry = Entry {
    name: "json",
    summary: "1 if the output is JSON, or has JSON alone inside its first ``` fence",
    options: &[],
    make: |_, _| Ok(Box::new(Json)),
};

#[derive(Debug)]
struct Json;

impl Scorer for Json {
    fn score(&self, output: &str, _: &Item) -> Result<f64, ScoreFailure> {
        let is_json = texts(output).any(|text| serde_json::from_str::<IgnoredAny>(text).is_ok());
        Ok(f64::from(u8::from(is_json)))
    }
}

/// What may be JSON: all of the output, and what stands in its first fence.
pub(super) fn texts(output: &str) -> impl Iterator<Item = &str> {
    [Some(output), fenced(output)].into_iter().flatten()
}

/// What stands inside the first fence, without the word for the language beside it.
fn fenced(output: &str) -> Option<&str> {
    let (_, opened) = output.split_once("```")?;
    let (_, body) = opened.split_once('\n')?;
    body.split_once("```").map(|(inside, _)| inside)
}
