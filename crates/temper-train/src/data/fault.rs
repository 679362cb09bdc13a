//! What can be wrong with one line of a JSON Lines file.

use thiserror::Error;

use super::jsonl::Kind;

/// What is wrong with a line of a `.jsonl` file.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum LineFault {
    /// Its bytes are not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// The file has no lines but blank ones.
    #[error("the file is empty")]
    Empty,
    /// It is not JSON.
    #[error("not JSON: {message}")]
    NotJson {
        /// What the parser says.
        message: String,
    },
    /// It is JSON, but not an object.
    #[error("{found}, not an object")]
    NotAnObject {
        /// What it is.
        found: &'static str,
    },
    /// It has the keys of no kind of example.
    #[error("no kind of example has the keys {keys:?}")]
    NoKind {
        /// Its keys.
        keys: Vec<String>,
    },
    /// It has the keys of two kinds of examples.
    #[error("the keys {keys:?} are those of two kinds of examples")]
    TwoKinds {
        /// Its keys.
        keys: Vec<String>,
    },
    /// It is of another kind than the first line of the run.
    #[error("it has {kind}, and the lines before it {first}")]
    OtherKind {
        /// Its kind.
        kind: Kind,
        /// That of the first line.
        first: Kind,
    },
    /// A value has the wrong type.
    #[error("`{key}` is {found}, not {expected}")]
    WrongType {
        /// The key, or the path to it.
        key: String,
        /// What the value is.
        found: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// There is nothing to learn from it.
    #[error("{what} is blank")]
    Blank {
        /// The key or keys.
        what: &'static str,
    },
    /// A conversation without an assistant's turn.
    #[error("no message has the role \"assistant\"")]
    NoAssistant,
    /// Its label is none of those that are known.
    #[error("label {label:?} is none of {labels:?}")]
    UnknownLabel {
        /// The label.
        label: String,
        /// Those that are known.
        labels: Vec<String>,
    },
    /// The chat template can't write it.
    #[error("the chat template failed: {message}")]
    Template {
        /// Why.
        message: String,
    },
    /// The template writes the beginning of a conversation differently once it goes on.
    #[error("the chat template changes what is before or in message {message} as messages follow")]
    NotAPrefix {
        /// The number of the assistant's message, from 1.
        message: usize,
    },
    /// It is longer than the model sees.
    #[error("{tokens} tokens to read, more than `max_seq_length` {limit}")]
    TooLong {
        /// Tokens that the model reads: all but the last.
        tokens: usize,
        /// The most that it may read.
        limit: usize,
    },
}

impl LineFault {
    /// What may mend it, in one sentence.
    pub(crate) fn help(&self) -> &'static str {
        match self {
            LineFault::NotUtf8 => "save the file as UTF-8",
            LineFault::Empty => "remove the file, or write one example a line",
            LineFault::NotJson { .. } => "write one whole JSON object a line, without line breaks",
            LineFault::NotAnObject { .. }
            | LineFault::NoKind { .. }
            | LineFault::WrongType { .. } => {
                "write {\"text\": \"...\"}, {\"prompt\": \"...\", \"completion\": \"...\"}, \
                 {\"prompt\": \"...\", \"label\": \"...\"} or \
                 {\"messages\": [{\"role\": \"...\", \"content\": \"...\"}]}"
            }
            LineFault::TwoKinds { .. } => "rename or remove the keys of one kind",
            LineFault::OtherKind { .. } => "give all lines of a run the same keys",
            LineFault::Blank { .. } => "fill it, or remove the line",
            LineFault::NoAssistant => "the assistant's messages are what is learned: add one",
            LineFault::UnknownLabel { .. } => "correct the label, or add it to `labels`",
            LineFault::Template { .. } => "mend the messages or `chat_template`",
            LineFault::NotAPrefix { .. } => {
                "give another `chat_template`, or end each conversation with its only assistant's \
                 message"
            }
            LineFault::TooLong { .. } => {
                "raise `max_seq_length`, shorten the example, or cut its end with truncate = true"
            }
        }
    }
}
