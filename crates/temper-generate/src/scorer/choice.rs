//! Which of the choices the output names, by its letter or its text.

use regex::Regex;

use super::registry::Entry;
use super::squad::normalize;
use super::{ScoreFailure, Scorer, ScorerError, any};
use crate::Item;

pub(super) const ENTRY: Entry = Entry {
    name: "choice",
    summary: "1 if the output names the right one of `choices`, by its letter or its text",
    options: &[],
    make: |_, _| {
        let pattern = |text| Regex::new(text).expect("the pattern is fixed, and a test builds it");
        Ok(Box::new(Choice {
            // A letter alone, or with what sets it apart from a word: `B`, `(b)`, `**B**`, `B. Paris`.
            first: pattern(r#"^[\s(\["'*]*([A-Za-z])(?:["'*]*[)\].:,]|["'*]*\s*(?:\n|$))"#),
            // In lower case only inside brackets, for `the answer is a dog`.
            said: pattern(
                r#"(?i:answer|choice|option)(?i:\s+is)?\s*:?[\s"'*]*(?:([A-Z])\b|[(\[]([A-Za-z])[)\]])"#,
            ),
        }))
    },
};

#[derive(Debug)]
struct Choice {
    /// A letter at the beginning of an output.
    first: Regex,
    /// A letter that is said to be the answer.
    said: Regex,
}

impl Scorer for Choice {
    fn score(&self, output: &str, item: &Item) -> Result<f64, ScoreFailure> {
        let Some(named) = self.named(output, &item.choices) else {
            return Ok(0.0);
        };
        Ok(any(item, |answer| index(answer, &item.choices) == Some(named)))
    }

    fn check(&self, item: &Item) -> Result<(), ScorerError> {
        let unfit = |message| {
            Err(ScorerError::UnfitItem { owner: ENTRY.name, item: item.id.clone(), message })
        };
        if item.choices.is_empty() {
            return unfit("has no `choices`".into());
        }
        match item.answers.iter().find(|answer| index(answer, &item.choices).is_none()) {
            None => Ok(()),
            Some(answer) => {
                unfit(format!("has the answer {answer:?}, which names none of its choices"))
            }
        }
    }
}

impl Choice {
    /// Which choice the output names, by the first of these that says it: all of the output, the
    /// letter it begins with, the letter it calls the answer, the only choice whose text it has.
    fn named(&self, output: &str, choices: &[String]) -> Option<usize> {
        let letter_of = |captures: regex::Captures<'_>| {
            let letter = captures.iter().skip(1).flatten().next()?;
            by_letter(letter.as_str(), choices)
        };
        index(output, choices)
            .or_else(|| self.first.captures(output).and_then(letter_of))
            .or_else(|| self.said.captures_iter(output).last().and_then(letter_of))
            .or_else(|| only_text(output, choices))
    }
}

/// The choice whose text, or else whose letter, `text` is.
fn index(text: &str, choices: &[String]) -> Option<usize> {
    let normal = normalize(text);
    let is_text = |choice: &String| choice.trim() == text.trim();
    let is_like = |choice: &String| !normal.is_empty() && normalize(choice) == normal;
    choices
        .iter()
        .position(is_text)
        .or_else(|| choices.iter().position(is_like))
        .or_else(|| by_letter(text.trim(), choices))
}

fn by_letter(letter: &str, choices: &[String]) -> Option<usize> {
    let [byte] = letter.as_bytes() else {
        return None;
    };
    let index = usize::from(byte.to_ascii_uppercase().checked_sub(b'A')?);
    (index < choices.len()).then_some(index)
}

/// The only choice whose text stands in the output as words of their own.
fn only_text(output: &str, choices: &[String]) -> Option<usize> {
    let output = format!(" {} ", normalize(output));
    let stands = |choice: &String| {
        let choice = normalize(choice);
        !choice.is_empty() && output.contains(&format!(" {choice} "))
    };
    let mut found = choices.iter().enumerate().filter(|(_, choice)| stands(choice));
    match (found.next(), found.next()) {
        (Some((index, _)), None) => Some(index),
        _ => None,
    }
}
