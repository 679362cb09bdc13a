//! A mistake in a file that a person wrote.

use std::fmt::Display;
use std::ops::Range;

use miette::{Diagnostic, NamedSource, Report, SourceSpan, miette};

/// The most names that are listed, and how many where there are more.
const LISTED: usize = 24;
const SHOWN: usize = 5;

/// What is wrong, where in the file, and the way out.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{message}")]
pub(crate) struct Mistake {
    message: String,
    #[source_code]
    file: NamedSource<String>,
    #[label("here")]
    span: Option<SourceSpan>,
    #[help]
    help: Option<String>,
}

impl Mistake {
    pub(crate) fn new(
        name: &str,
        text: &str,
        span: Option<Range<usize>>,
        message: impl Into<String>,
    ) -> Self {
        let file = NamedSource::new(name, text.to_owned());
        Self { message: message.into(), file, span: span.map(SourceSpan::from), help: None }
    }

    pub(crate) fn help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }
}

/// A message that points at no file, with what may mend it.
pub(crate) fn told(message: impl Display, help: Option<String>) -> Report {
    match help {
        Some(help) => miette!(help = help, "{message}"),
        None => miette!("{message}"),
    }
}

/// The member of `known` that the name is probably meant to be.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .filter(|(distance, known)| *distance <= 1 + known.len() / 4)
        .min()
        .map(|(_, known)| known)
}

/// "did you mean" what it is probably meant to be, or else all that it could be, or those of many
/// that are nearest.
pub(crate) fn suggest(name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(known) => format!("did you mean `{known}`?"),
        None if known.len() > LISTED => {
            let mut nearest = known.to_vec();
            nearest.sort_by_key(|known| strsim::damerau_levenshtein(name, known)); // stable
            format!("of {} known the nearest are {}", known.len(), nearest[..SHOWN].join(", "))
        }
        None => format!("known are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood_and_a_stranger_is_not() {
        let known = ["learning_rate", "batch_size"];
        assert_eq!(suggest("learning_rte", &known), "did you mean `learning_rate`?");
        assert_eq!(suggest("x", &known), "known are learning_rate, batch_size");
        let many: Vec<String> = (0..90).map(|number| format!("{number:03}_setting")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let help = suggest("temperature", &many);
        assert_eq!(help.matches("_setting").count(), SHOWN, "{help}");
    }
}
