//! Who answers.

use std::fmt;

use serde_json::Value;

use crate::{Completion, Request};

/// Answers requests: an endpoint, or a model in this process. Threads share it.
pub trait Generator: fmt::Debug + Send + Sync {
    /// All that its answers depend on beside the request, such as the address and the model's name.
    fn identity(&self) -> Value;

    /// Answers one request.
    ///
    /// # Errors
    ///
    /// Why there is no answer, and whether others may have one.
    fn complete(&self, request: &Request) -> Result<Completion, GenerateError>;

    /// The tokens of answers that were of no use, and have to be paid all the same, since this was
    /// last asked: of those that were read, and of those that were written.
    fn take_waste(&self) -> (u64, u64) {
        (0, 0)
    }
}

/// Why a request has no answer. Each is one sentence for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenerateError {
    /// This request is refused for what it is, and will be again.
    #[error("{0}")]
    Refused(String),
    /// It failed as often as it was tried; another time it may succeed.
    #[error("{0}")]
    Failed(String),
    /// It failed as often as it was tried, and others did not.
    #[error("{0}")]
    Broken(String),
    /// It took longer than it may, as often as it was tried.
    #[error("{0}")]
    TimedOut(String),
    /// Nothing more may be spent.
    #[error("{0}")]
    Spent(String),
    /// No request will be answered until somebody mends something.
    #[error("{0}")]
    Unable(String),
}

impl GenerateError {
    /// Whether no other request will be answered, either.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        matches!(self, Self::Spent(_) | Self::Unable(_))
    }
}
