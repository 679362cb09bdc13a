//! Which of the choices the output names, by its letter or its text.

use super::registry::Entry;
use super::squad::normalize;
use super::words::stands_in;
use super::{ScoreFailure, Scorer, ScorerError, any};
use crate::Item;

mod letters;

use letters::{Letters, by_letter};

pub(super) const ENTRY: Entry = Entry {
    name: "choice",
    summary: "1 if the output names the right one of `choices`, by its letter or its text",
    options: &[],
    make: |_, _| Ok(Box::new(Choice { letters: Letters::new() })),
};

#[derive(Debug)]
struct Choice {
    letters: Letters,
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
    /// Which choice the output names, by the first of these that says it: all of the output, what it
    /// calls the answer (the last time), the letter it begins with, the only letter that it sets
    /// apart, the only choice whose text it has, the only letter that stands alone.
    fn named(&self, output: &str, choices: &[String]) -> Option<usize> {
        let said = |rest: &str| {
            index(rest, choices)
                .or_else(|| self.letters.first(rest, choices))
                .or_else(|| self.letters.capital(rest, choices))
                .or_else(|| only_text(rest, choices))
        };
        index(output, choices)
            .or_else(|| self.letters.after_cues(output).into_iter().rev().find_map(said))
            .or_else(|| self.letters.first(output, choices).filter(|_| !lists_all(output, choices)))
            .or_else(|| self.letters.set_apart(output, choices))
            .or_else(|| only_text(output, choices))
            .or_else(|| letters::alone(output, choices))
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

/// Whether the output has all choices with their letters: its first one is then no answer.
fn lists_all(output: &str, choices: &[String]) -> bool {
    [")", ".", ":"].iter().any(|mark| {
        let line = |(letter, choice)| format!("{letter}{mark} {choice}");
        ('A'..).zip(choices).map(line).all(|line| output.contains(&line))
    })
}

/// The only choice whose text stands in the output, but for choices that are part of another one
/// there, as New York is of New York City.
fn only_text(output: &str, choices: &[String]) -> Option<usize> {
    let output = normalize(output);
    let texts = choices.iter().map(|choice| normalize(choice)).enumerate();
    let found: Vec<(usize, String)> = texts.filter(|(_, text)| stands_in(text, &output)).collect();
    let is_part = |(index, text): &(usize, String)| {
        found.iter().any(|(other, longer)| other != index && stands_in(text, longer))
    };
    only(found.iter().filter(|choice| !is_part(choice)).map(|(index, _)| *index))
}

/// The one index that there is, however often.
fn only(mut indices: impl Iterator<Item = usize>) -> Option<usize> {
    let first = indices.next()?;
    indices.all(|index| index == first).then_some(first)
}

#[cfg(test)]
mod tests;
