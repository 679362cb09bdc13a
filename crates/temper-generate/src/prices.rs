//! What tokens cost.

use serde::{Deserialize, Serialize};

use crate::{Completion, SettingError};

/// Prices are per so many tokens.
const TOKENS: f64 = 1e6;

/// What a million tokens cost, in any one currency.
///
/// ```
/// use temper_generate::{Completion, Prices};
///
/// let completion = Completion {
///     text: "Paris".to_owned(),
///     input_tokens: Some(2000),
///     output_tokens: Some(1000),
///     latency: 0.5,
///     finish_reason: None,
///     refused: false,
/// };
/// let prices = Prices { input: 0.25, output: 0.5 };
/// assert_eq!(prices.cost(&completion), Some(0.001));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// Of tokens that are read.
    pub input: f64,
    /// Of tokens that are written.
    pub output: f64,
}

impl Prices {
    /// Checks both.
    ///
    /// # Errors
    ///
    /// The first one that is negative, or not a number.
    pub fn check(&self) -> Result<(), SettingError> {
        for (name, value) in [("prices.input", self.input), ("prices.output", self.output)] {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(SettingError { name, value, range: "at least 0" });
            }
        }
        Ok(())
    }

    /// What an answer cost; `None` if nobody knows how many tokens it took.
    #[must_use]
    pub fn cost(&self, completion: &Completion) -> Option<f64> {
        Some(self.of(completion.input_tokens?, completion.output_tokens?))
    }

    /// What so many tokens cost that are read and written.
    #[must_use]
    pub fn of(&self, read: u64, written: u64) -> f64 {
        (read as f64 * self.input + written as f64 * self.output) / TOKENS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_below_nothing_is_none() {
        let error = Prices { input: 0.1, output: -1.0 }.check().expect_err("it is negative");
        assert_eq!(error.to_string(), "`prices.output` is -1, but must be at least 0");
        assert!(Prices { input: f64::NAN, output: 0.0 }.check().is_err());
        assert_eq!(Prices { input: 0.0, output: 0.0 }.check(), Ok(()));
    }
}
