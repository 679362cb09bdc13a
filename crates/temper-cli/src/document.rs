//! A TOML file whose every key knows where it stands.

use std::fs;
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::path::{Path, PathBuf};

use miette::{Report, Result, miette};
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use crate::mistake::{Mistake, suggest};

/// A TOML file.
#[derive(Debug)]
pub(crate) struct Document {
    path: PathBuf,
    text: String, // TOML: it was parsed once
}

/// A table of the file, or the file itself, from which keys can be taken one by one.
pub(crate) struct Section<'a> {
    document: &'a Document,
    table: DeTable<'a>,
    span: Range<usize>,
}

impl Document {
    /// Reads the file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
        let name = path.display().to_string();
        if let Err(error) = DeTable::parse(&text) {
            let message = format!("not TOML: {}", error.message());
            return Err(Mistake::new(&name, &text, error.span(), message).into());
        }
        Ok(Self { path: path.to_owned(), text })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that the file's relative paths start from.
    pub(crate) fn folder(&self) -> PathBuf {
        match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        }
    }

    /// The whole file as a table.
    pub(crate) fn root(&self) -> Section<'_> {
        Section { document: self, table: self.parse(), span: 0..0 }
    }

    fn parse(&self) -> DeTable<'_> {
        DeTable::parse(&self.text).expect("it was parsed before").into_inner()
    }

    /// A mistake at the key that the path leads to, or at the nearest one above it.
    pub(crate) fn mistake(&self, path: &[&str], message: impl Into<String>) -> Mistake {
        self.mistake_at(self.span(path), message)
    }

    fn mistake_at(&self, span: Option<Range<usize>>, message: impl Into<String>) -> Mistake {
        Mistake::new(&self.path.display().to_string(), &self.text, span, message)
    }

    /// Where the value at the path stands. Numbers are places in lists.
    fn span(&self, path: &[&str]) -> Option<Range<usize>> {
        let root = Spanned::new(0..self.text.len(), DeValue::Table(self.parse()));
        let (mut value, mut span) = (&root, None);
        for key in path {
            let below = match value.get_ref() {
                DeValue::Table(table) => table.get(*key),
                DeValue::Array(list) => key.parse().ok().and_then(|index: usize| list.get(index)),
                _ => None,
            };
            let Some(below) = below else { break };
            (value, span) = (below, Some(below.span()));
        }
        span
    }
}

impl<'a> Section<'a> {
    /// Takes a key's value out of the section; `None` if it is not there.
    pub(crate) fn take<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>> {
        let Some(value) = self.table.remove(key) else {
            return Ok(None);
        };
        self.read(value).map(Some)
    }

    /// Takes a key's value, which must be there.
    pub(crate) fn need<T: DeserializeOwned>(&mut self, key: &str, help: &str) -> Result<T> {
        match self.take(key)? {
            Some(value) => Ok(value),
            None => Err(self
                .document
                .mistake_at(Some(self.span.clone()), format!("`{key}` is missing"))
                .help(Some(help.to_owned()))
                .into()),
        }
    }

    /// Takes a table out of the section; an empty one if it is not there.
    pub(crate) fn section(&mut self, key: &str) -> Result<Self> {
        let document = self.document;
        let (table, span) = match self.table.remove(key) {
            None => (DeTable::new(), self.span.clone()),
            Some(value) => {
                let span = value.span();
                match value.into_inner() {
                    DeValue::Table(table) => (table, span),
                    other => {
                        let message = format!("`{key}` is {}, not a table", other.type_str());
                        return Err(document.mistake_at(Some(span), message).into());
                    }
                }
            }
        };
        Ok(Self { document, table, span })
    }

    /// Takes a list of tables out of the section; none if it is not there.
    pub(crate) fn sections(&mut self, key: &str) -> Result<Vec<Self>> {
        let document = self.document;
        let Some(list) = self.table.remove(key) else { return Ok(Vec::new()) };
        let span = list.span();
        let DeValue::Array(list) = list.into_inner() else {
            let help = format!("write [[{key}]] above each");
            let message = format!("`{key}` is not a list of tables");
            return Err(document.mistake_at(Some(span), message).help(Some(help)).into());
        };
        let mut sections = Vec::new();
        for value in list {
            let span = value.span();
            let DeValue::Table(table) = value.into_inner() else {
                let message = format!("`{key}` is not a list of tables");
                return Err(document.mistake_at(Some(span), message).into());
            };
            sections.push(Self { document, table, span });
        }
        Ok(sections)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Reads all that is left.
    pub(crate) fn rest<T: DeserializeOwned>(self) -> Result<T> {
        self.read(Spanned::new(self.span.clone(), DeValue::Table(self.table.clone())))
    }

    /// Refuses keys that are not known.
    pub(crate) fn only(&self, known: &[&str]) -> Result<()> {
        let mut keys = self.table.keys();
        match keys.find(|key| !known.contains(&key.get_ref().as_ref())) {
            None => Ok(()),
            Some(key) => Err(self
                .document
                .mistake_at(Some(key.span()), format!("unknown key `{}`", key.get_ref()))
                .help(Some(suggest(key.get_ref(), known)))
                .into()),
        }
    }

    fn read<T: DeserializeOwned>(&self, value: Spanned<DeValue<'a>>) -> Result<T> {
        T::deserialize(ValueDeserializer::from(value)).map_err(|error| {
            let (message, help) = explain(error.message());
            self.document.mistake_at(error.span(), message).help(help).into()
        })
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Report {
    let path = path.display();
    match error.kind() {
        ErrorKind::NotFound => miette!(
            help = "write a study file to start from: temper init command",
            "there is no file `{path}`"
        ),
        _ => miette!("can't read `{path}`: {error}"),
    }
}

/// Says in our words what serde says, with a help if there is one.
pub(crate) fn explain(message: &str) -> (String, Option<String>) {
    for (prefix, what) in [("unknown field `", "key"), ("unknown variant `", "value")] {
        let Some((unknown, known)) =
            message.strip_prefix(prefix).and_then(|rest| rest.split_once('`'))
        else {
            continue;
        };
        let known: Vec<_> = known.split('`').skip(1).step_by(2).collect();
        let help = (!known.is_empty()).then(|| suggest(unknown, &known));
        return (format!("unknown {what} `{unknown}`"), help);
    }
    match message.rsplit_once("expected ") {
        Some((found, "u16" | "u32" | "u64" | "usize")) => {
            (format!("{found}expected a whole number, not negative"), None)
        }
        Some((found, "i64")) => (format!("{found}expected a whole number"), None),
        Some((found, "f64")) => (format!("{found}expected a number"), None),
        _ => (message.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_serde_says_is_said_in_our_words() {
        let (message, help) =
            explain("unknown field `trails`, expected one of `trials`, `seed`, `workers`");
        assert_eq!(message, "unknown key `trails`");
        assert_eq!(help.as_deref(), Some("did you mean `trials`?"));
        let (message, help) = explain("unknown variant `up`, expected `minimize` or `maximize`");
        assert_eq!(message, "unknown value `up`");
        assert_eq!(help.as_deref(), Some("known are minimize, maximize"));
        let (message, _) = explain("invalid type: string \"many\", expected u64");
        let wanted = "invalid type: string \"many\", expected a whole number, not negative";
        assert_eq!(message, wanted);
        assert_eq!(explain("invalid type"), ("invalid type".to_owned(), None));
    }
}
