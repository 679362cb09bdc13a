//! Letters that name choices, among those that are words or part of them.

use regex::{Captures, Regex};

use super::only;

/// Where letters are looked for.
#[derive(Debug)]
pub(super) struct Letters {
    cue: Regex,
    first: Regex,
    capital: Regex,
    several: Regex,
    set_apart: Regex,
}

impl Letters {
    pub(super) fn new() -> Self {
        let pattern =
            |text: &str| Regex::new(text).expect("the pattern is fixed, and a test builds it");
        Self {
            // `The correct answer to this is`, `**Answer:**`.
            cue: pattern(
                r#"(?i)\b(?:answer|choice|option)\b["'*_]*(?:\s[^.:?!\n]{0,60}?)?(?:\s(?:is|be)\b|\s*:)[\s:"'*_]*"#,
            ),
            // `B`, `(b)`, `**B**`, `B. Paris`, `B) Paris`, `B - Paris`, `B because`, but not `A dog`
            // or `D.C.`.
            first: pattern(
                r#"^[\s(\["'*_]*([A-Za-z])(?:["'*_]*[)\]:]|["'*_]*[.,;!](?:[\s"'*_]|$)|[*_]+\s|["'*_]*\s*(?:\n|$)|\s+[-–—]\s|\s+(?:because|since|is)\b)"#,
            ),
            capital: pattern(r"^([A-Z])\b"),
            // `A and B`, `(A), (B)`, `A/B`.
            several: pattern(
                r#"^[\s(\["'*_]*([A-Za-z])["'*_)\]]*\s*(?:,\s*(?:and\b|or\b)?|/|&|\+|and\b|or\b)[\s(\["'*_]*([A-Z])\b"#,
            ),
            // `(b)`, `\boxed{B}`, `**B) Paris**`, `"B"`, `option B`.
            set_apart: pattern(
                r#"[(\[{]([A-Za-z])[)\]}]|\*\*([A-Za-z])(?:[.):]|\*\*)|["'`]([A-Z])["'`]|\b(?i:answer|choice|option)\s+([A-Z])\b"#,
            ),
        }
    }

    /// What follows in the same line wherever something is called the answer.
    pub(super) fn after_cues<'t>(&self, output: &'t str) -> Vec<&'t str> {
        let rest = |cue: regex::Match<'_>| output[cue.end()..].lines().next().unwrap_or_default();
        let is_denied = |rest: &&str| rest.split_whitespace().next() == Some("not");
        self.cue.find_iter(output).map(rest).filter(|rest| !is_denied(rest)).collect()
    }

    /// The letter at the beginning, with something that sets it apart from a word, and unless
    /// another one goes with it.
    pub(super) fn first(&self, text: &str, choices: &[String]) -> Option<usize> {
        if self.names_several(text, choices) {
            return None;
        }
        self.first.captures(text).and_then(|captures| letter(&captures, choices))
    }

    /// The capital letter at the beginning, unless another one goes with it.
    pub(super) fn capital(&self, text: &str, choices: &[String]) -> Option<usize> {
        if self.names_several(text, choices) {
            return None;
        }
        self.capital.captures(text).and_then(|captures| letter(&captures, choices))
    }

    /// The only letter in brackets, bold or quotes, or behind a word for a choice.
    pub(super) fn set_apart(&self, output: &str, choices: &[String]) -> Option<usize> {
        let letters = self.set_apart.captures_iter(output);
        only(letters.filter_map(|captures| letter(&captures, choices)))
    }

    fn names_several(&self, text: &str, choices: &[String]) -> bool {
        self.several.captures(text).is_some_and(|captures| {
            captures.iter().skip(1).flatten().all(|it| by_letter(it.as_str(), choices).is_some())
        })
    }
}

/// The only capital letter that stands alone. A and I do not if a word follows that they may belong
/// to.
pub(super) fn alone(output: &str, choices: &[String]) -> Option<usize> {
    let words: Vec<&str> = output.split_whitespace().collect();
    let named = words.iter().enumerate().filter_map(|(place, word)| {
        let letter = word.trim_matches(|char: char| char.is_ascii_punctuation());
        let index = by_letter(letter, choices).filter(|_| letter != letter.to_lowercase())?;
        let next = words.get(place + 1).filter(|_| word.ends_with(letter));
        let goes_on = next.is_some_and(|next| {
            next.starts_with(char::is_alphanumeric) && !["and", "or", "is"].contains(next)
        });
        (!goes_on || !["A", "I"].contains(&letter)).then_some(index)
    });
    only(named)
}

/// The choice of a letter.
pub(super) fn by_letter(letter: &str, choices: &[String]) -> Option<usize> {
    let [byte] = letter.as_bytes() else {
        return None;
    };
    let index = usize::from(byte.to_ascii_uppercase().checked_sub(b'A')?);
    (index < choices.len()).then_some(index)
}

fn letter(captures: &Captures<'_>, choices: &[String]) -> Option<usize> {
    let letter = captures.iter().skip(1).flatten().next()?;
    by_letter(letter.as_str(), choices)
}
