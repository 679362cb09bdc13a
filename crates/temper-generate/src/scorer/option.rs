//! What a scorer can be told in a study file.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::ScorerError;

/// The options of a scorer, as they stand beside its name in the study file.
pub type Options = Map<String, Value>;

/// How much of a wrong value a message shows, in characters.
const SHOWN: usize = 60;

/// An option of a scorer.
#[derive(Debug)]
pub struct ScorerOption {
    /// Its name in study files.
    pub name: &'static str,
    /// What it may be.
    pub kind: OptionKind,
    /// What it is for, and its default, in half a line.
    pub summary: &'static str,
}

/// What an option may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionKind {
    /// A text.
    Text,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A list of texts.
    Texts,
    /// A finite number.
    Number,
    /// A whole number that 32 bits hold.
    Count,
    /// A list of two numbers.
    Bounds,
    /// A table of further keys.
    Table,
}

impl ScorerOption {
    /// Checks that a value is of the right kind.
    pub(super) fn check(&self, owner: &'static str, value: &Value) -> Result<(), ScorerError> {
        if self.kind.has(value) {
            return Ok(());
        }
        Err(ScorerError::WrongKind {
            owner,
            option: self.name,
            value: value.to_string().chars().take(SHOWN).collect(),
            kind: self.kind,
        })
    }
}

impl OptionKind {
    fn has(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Text, Value::String(_)) | (Self::Table, Value::Object(_)) => true,
            (Self::OneOf(texts), Value::String(text)) => texts.contains(&text.as_str()),
            (Self::Texts, Value::Array(values)) => values.iter().all(Value::is_string),
            (Self::Number, Value::Number(_)) => true, // JSON has finite ones alone
            (Self::Count, Value::Number(number)) => {
                number.as_u64().is_some_and(|count| u32::try_from(count).is_ok())
            }
            (Self::Bounds, Value::Array(values)) => {
                values.len() == 2 && values.iter().all(Value::is_number)
            }
            _ => false,
        }
    }
}

impl fmt::Display for OptionKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Text => "a text",
            Self::OneOf(texts) => return write!(formatter, "\"{}\"", texts.join("\" or \"")),
            Self::Texts => "a list of texts",
            Self::Number => "a finite number",
            Self::Count => "a whole number, at least 0",
            Self::Bounds => "a list of two finite numbers",
            Self::Table => "a table",
        })
    }
}

/// Reads options that were checked against the entry's.
pub(super) fn read_options<T: DeserializeOwned>(
    owner: &'static str,
    options: &Options,
) -> Result<T, ScorerError> {
    serde_json::from_value(Value::Object(options.clone()))
        .map_err(|error| ScorerError::BadOptions { owner, message: error.to_string() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{ALL, Surroundings};
    use super::*;

    /// What an entry says of an option that was not checked before.
    fn unchecked(entry: &super::super::Entry, name: &str, value: Value) -> String {
        let options = Options::from_iter([(name.to_owned(), value)]);
        let made = (entry.make)(&options, &Surroundings::without_judges("."));
        made.err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn the_listed_options_are_those_that_are_read() {
        for entry in ALL.iter().filter(|entry| !entry.options.is_empty()) {
            let error = unchecked(entry, "colour", json!(1));
            let (_, known) = error.split_once("unknown field `colour`, expected ").unwrap();
            let known: Vec<_> = known.split('`').skip(1).step_by(2).collect();
            let listed: Vec<_> = entry.options.iter().map(|option| option.name).collect();
            assert_eq!(known, listed, "{}", entry.name);
        }
    }

    #[test]
    fn a_value_of_the_listed_kind_can_be_read() {
        for entry in ALL {
            for option in entry.options {
                let value = match option.kind {
                    OptionKind::Text => json!("text"),
                    OptionKind::OneOf(texts) => json!(texts[0]),
                    OptionKind::Texts => json!(["one", "two"]),
                    OptionKind::Number => json!(0.5),
                    OptionKind::Count => json!(u32::MAX),
                    OptionKind::Bounds => json!([0, 1.5]),
                    OptionKind::Table => json!({"key": 1}),
                };
                option.check(entry.name, &value).unwrap();
                let error = unchecked(entry, option.name, value);
                assert!(!error.contains("invalid "), "{}: {error}", entry.name);
                assert!(!error.contains("unknown "), "{}: {error}", entry.name);
            }
        }
    }

    #[test]
    fn a_value_of_another_kind_is_shown_with_what_it_must_be() {
        let said = |kind, value| {
            let option = ScorerOption { name: "it", kind, summary: "" };
            option.check("scorer", &value).unwrap_err().to_string()
        };
        for (kind, value, expected) in [
            (OptionKind::Text, json!(1), "1, but must be a text"),
            (OptionKind::OneOf(&["a", "b"]), json!("c"), r#""c", but must be "a" or "b""#),
            (OptionKind::Texts, json!(["a", 1]), r#"["a",1], but must be a list of texts"#),
            (OptionKind::Number, json!("x"), r#""x", but must be a finite number"#),
            (OptionKind::Number, json!(f64::INFINITY), "null, but must be a finite number"),
            (OptionKind::Count, json!(-1), "-1, but must be a whole number, at least 0"),
            (OptionKind::Bounds, json!([1]), "[1], but must be a list of two finite numbers"),
            (OptionKind::Table, json!([]), "[], but must be a table"),
        ] {
            assert_eq!(said(kind, value), format!("`scorer`: `it` is {expected}"));
        }
    }
}
