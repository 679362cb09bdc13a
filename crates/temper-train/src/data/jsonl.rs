//! Examples as a person writes them: one JSON object a line.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::corpus::matching;
use super::fault::LineFault;
use crate::TrainError;

/// Where a line is.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The setting that names the file.
    pub key: &'static str,
    pub path: Arc<Path>,
    /// Counted from 1.
    pub line: usize,
}

impl Place {
    pub(super) fn error(&self, fault: LineFault) -> TrainError {
        TrainError::BadLine {
            key: self.key,
            path: PathBuf::from(&*self.path),
            line: self.line,
            fault,
        }
    }
}

/// A line of a file, and where it is.
#[derive(Debug)]
pub(super) struct Line {
    pub place: Place,
    pub record: Record,
}

/// What a line says.
#[derive(Debug, PartialEq)]
pub(super) enum Record {
    /// A document.
    Text(String),
    Completion {
        prompt: String,
        completion: String,
    },
    /// A conversation: objects that have at least `role` and `content`, both text.
    Messages(Vec<Value>),
    Labelled {
        prompt: String,
        label: String,
    },
}

/// The kinds of lines, by the keys that they need; other keys are passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `text`: a document, as a text file is one.
    Text,
    /// `prompt` and `completion`.
    Completion,
    /// `messages`, each with `role` and `content`.
    Messages,
    /// `prompt` and `label`.
    Labelled,
}

impl Kind {
    const ALL: [Kind; 4] = [Kind::Text, Kind::Completion, Kind::Messages, Kind::Labelled];

    fn keys(self) -> &'static [&'static str] {
        match self {
            Kind::Text => &["text"],
            Kind::Completion => &["prompt", "completion"],
            Kind::Messages => &["messages"],
            Kind::Labelled => &["prompt", "label"],
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<String> = self.keys().iter().map(|key| format!("`{key}`")).collect();
        formatter.write_str(&keys.join(" and "))
    }
}

impl Record {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Record::Text(_) => Kind::Text,
            Record::Completion { .. } => Kind::Completion,
            Record::Messages(_) => Kind::Messages,
            Record::Labelled { .. } => Kind::Labelled,
        }
    }
}

/// Reads the lines of the files that `patterns` match, relative to `base_dir`, in the order of the
/// paths; `key` is the setting that holds the patterns. Blank lines are passed over.
///
/// # Errors
/// A file can't be read or is empty, or a line is not an example or not of the kind of the first.
pub(super) fn read(
    key: &'static str,
    patterns: &[String],
    base_dir: &Path,
) -> Result<Vec<Line>, TrainError> {
    let mut lines = Vec::new();
    for path in matching(key, patterns, base_dir)? {
        let bytes =
            fs::read(&path).map_err(|source| TrainError::Io { path: path.clone(), source })?;
        let before = lines.len();
        let place = |line| Place { key, path: path.as_path().into(), line };
        let text = str::from_utf8(&bytes).map_err(|error| {
            let good = &bytes[..error.valid_up_to()];
            let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
            place(line).error(LineFault::NotUtf8)
        })?;
        let shared: Arc<Path> = path.as_path().into();
        for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            if !line.trim().is_empty() {
                let place = Place { key, path: shared.clone(), line: index + 1 };
                let record = parse(line).map_err(|fault| place.error(fault))?;
                lines.push(Line { place, record });
            }
        }
        if lines.len() == before {
            return Err(place(1).error(LineFault::Empty));
        }
    }
    if let Some(first) = lines.first() {
        ensure_kind(first.record.kind(), &lines)?;
    }
    Ok(lines)
}

/// Checks that all lines are of one kind.
///
/// # Errors
/// The first that is not.
pub(super) fn ensure_kind(first: Kind, lines: &[Line]) -> Result<(), TrainError> {
    match lines.iter().find(|line| line.record.kind() != first) {
        None => Ok(()),
        Some(line) => {
            Err(line.place.error(LineFault::OtherKind { kind: line.record.kind(), first }))
        }
    }
}

fn parse(line: &str) -> Result<Record, LineFault> {
    let value: Value = serde_json::from_str(line).map_err(|error| {
        let message = error.to_string();
        // It counts lines, too, and knows of one alone.
        LineFault::NotJson { message: message.replace(" at line 1 column ", " at column ") }
    })?;
    let Value::Object(object) = value else {
        return Err(LineFault::NotAnObject { found: type_of(&value) });
    };
    let keys = || object.keys().cloned().collect();
    let has = |kind: &Kind| kind.keys().iter().all(|key| object.contains_key(*key));
    let kinds: Vec<Kind> = Kind::ALL.into_iter().filter(has).collect();
    match kinds[..] {
        [] => Err(LineFault::NoKind { keys: keys() }),
        [kind] => record(kind, object),
        _ => Err(LineFault::TwoKinds { keys: keys() }),
    }
}

fn record(kind: Kind, mut object: Map<String, Value>) -> Result<Record, LineFault> {
    let mut take = |key: &str| object.remove(key).unwrap_or_default();
    let blank = |is_blank: bool, what| match is_blank {
        true => Err(LineFault::Blank { what }),
        false => Ok(()),
    };
    let is_blank = |text: &str| text.trim().is_empty();
    match kind {
        Kind::Text => {
            let text = text("text", take("text"))?;
            blank(is_blank(&text), "`text`")?;
            Ok(Record::Text(text))
        }
        Kind::Completion => {
            let prompt = text("prompt", take("prompt"))?;
            let completion = text("completion", take("completion"))?;
            let both = is_blank(&prompt) && is_blank(&completion);
            blank(both, "`prompt` with `completion`")?;
            Ok(Record::Completion { prompt, completion })
        }
        Kind::Labelled => {
            let (prompt, label) = (text("prompt", take("prompt"))?, text("label", take("label"))?);
            blank(is_blank(&label), "`label`")?;
            Ok(Record::Labelled { prompt, label })
        }
        Kind::Messages => Ok(Record::Messages(messages(take("messages"))?)),
    }
}

fn messages(value: Value) -> Result<Vec<Value>, LineFault> {
    let wrong = |key: String, value: &Value, expected| {
        Err(LineFault::WrongType { key, found: type_of(value), expected })
    };
    let Value::Array(messages) = value else {
        return wrong("messages".into(), &value, "a list");
    };
    for (index, message) in messages.iter().enumerate() {
        if !message.is_object() {
            return wrong(format!("messages[{index}]"), message, "an object");
        }
        for key in ["role", "content"] {
            if !message[key].is_string() {
                return wrong(format!("messages[{index}].{key}"), &message[key], "text");
            }
        }
    }
    if !messages.iter().any(|message| message["role"] == "assistant") {
        return Err(LineFault::NoAssistant);
    }
    Ok(messages)
}

fn text(key: &str, value: Value) -> Result<String, LineFault> {
    match value {
        Value::String(text) => Ok(text),
        _ => {
            let found = type_of(&value);
            Err(LineFault::WrongType { key: key.into(), found, expected: "text" })
        }
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null or missing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests;
