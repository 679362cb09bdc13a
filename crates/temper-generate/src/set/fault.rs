//! What can be wrong with one line of an evaluation set.

/// What is wrong with a line of an evaluation set.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LineFault {
    /// Its bytes are not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
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
    /// It asks nothing.
    #[error("neither `prompt` nor `messages`")]
    NoPrompt,
    /// It asks twice.
    #[error("both `prompt` and `messages`")]
    TwoPrompts,
    /// It has no answer.
    #[error("no `answer`")]
    NoAnswer,
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
    /// A list has nothing in it.
    #[error("`{key}` is an empty list")]
    EmptyList {
        /// The key.
        key: &'static str,
    },
    /// Nobody has that role.
    #[error("`messages[{index}].role` {role:?} is none of \"system\", \"user\" and \"assistant\"")]
    UnknownRole {
        /// The number of the message, from 0.
        index: usize,
        /// The role.
        role: String,
    },
    /// The weight can't weigh.
    #[error("`weight` {weight} is not above 0 and at most 1e9")]
    BadWeight {
        /// The weight.
        weight: f64,
    },
    /// An earlier line has its id.
    #[error("id {id:?} is that of line {first}")]
    RepeatedId {
        /// The id.
        id: String,
        /// The earlier line, from 1.
        first: usize,
    },
}

impl LineFault {
    /// What may mend it, in one sentence.
    pub(super) fn help(&self) -> &'static str {
        match self {
            LineFault::NotUtf8 => "save the file as UTF-8",
            LineFault::NotJson { .. } => "write one whole JSON object a line, without line breaks",
            LineFault::NotAnObject { .. } | LineFault::NoPrompt | LineFault::WrongType { .. } => {
                "write {\"prompt\": \"...\", \"answer\": \"...\"} or {\"messages\": \
                 [{\"role\": \"user\", \"content\": \"...\"}], \"answer\": \"...\"}"
            }
            LineFault::TwoPrompts => "remove one of them",
            LineFault::NoAnswer => "add \"answer\": a text, a number or a list of them",
            LineFault::EmptyList { .. } => "fill the list, or remove the line",
            LineFault::UnknownRole { .. } => "correct the role",
            LineFault::BadWeight { .. } => "write a number above 0, or remove the line",
            LineFault::RepeatedId { .. } => {
                "give it an id of its own; a line without one takes its line number"
            }
        }
    }
}
