//! Who has spent how much.

use crate::Completion;

/// Who spends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The study, by a name that no other one has.
    pub study: String,
    /// The trial within it.
    pub trial: String,
}

/// What was spent. Tokens that an endpoint did not tell of are not in it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spending {
    /// Requests that were answered, without those that failed. What these have cost all the same is
    /// in the rest, where the endpoint tells of it.
    pub requests: u64,
    /// Tokens that were read.
    pub input_tokens: u64,
    /// Tokens that were written.
    pub output_tokens: u64,
    /// Money, in the currency of the prices.
    pub cost: f64,
}

impl Spending {
    /// One answer.
    pub(super) fn of(completion: &Completion, cost: f64) -> Self {
        Self {
            requests: 1,
            input_tokens: completion.input_tokens.unwrap_or(0),
            output_tokens: completion.output_tokens.unwrap_or(0),
            cost,
        }
    }

    /// Tokens that were read or written.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }
}
