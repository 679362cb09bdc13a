//! Why an evaluation has no result.

use crate::{ConfigError, GenerateError};

/// Why an evaluation has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// It could not begin.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// An item got no answer, however often it was asked: a mean without it would be of others.
    #[error("item {item:?} got no answer: {source}")]
    Unanswered {
        /// The item.
        item: String,
        /// Why.
        source: GenerateError,
    },
    /// Everything that was asked was refused: the settings or the prompt are wrong.
    #[error("every request was refused; the last: {message}")]
    AllRefused {
        /// What was said of the last one.
        message: String,
    },
    /// No answer could be scored for one of the metrics.
    #[error("no answer could be scored; the last: {message}")]
    NoneScored {
        /// What was said of the last one.
        message: String,
    },
    /// It was told to end.
    #[error("the evaluation was interrupted")]
    Interrupted,
    /// Nothing more may be spent.
    #[error("{0}")]
    Spent(String),
    /// Nobody answers until something is mended.
    #[error("{0}")]
    Unable(String),
}

impl EvaluationError {
    /// Of the item whose request had no answer.
    pub(super) fn of(item: &str, error: GenerateError) -> Self {
        match error {
            GenerateError::Spent(message) => Self::Spent(message),
            GenerateError::Unable(message) => Self::Unable(message),
            source => Self::Unanswered { item: item.to_owned(), source },
        }
    }
}
