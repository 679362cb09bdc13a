//! What tokens cost.

use crate::{Completion, ConfigError};

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
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prices {
    /// Of tokens that are read.
    pub input: f64,
    /// Of tokens that are written.
    pub output: f64,
}

impl Prices {
    /// The prices as they are written in settings, `input_price` and `output_price`: both or neither.
    ///
    /// # Errors
    ///
    /// One of them is negative or no number, or stands alone.
    pub fn given(input: Option<f64>, output: Option<f64>) -> Result<Option<Self>, ConfigError> {
        let keys = ["input_price", "output_price"];
        for (key, price) in keys.into_iter().zip([input, output]) {
            if let Some(price) = price.filter(|price| !(price.is_finite() && *price >= 0.0)) {
                let (value, bound) = (price.to_string(), "at least 0, for a million tokens");
                return Err(ConfigError::OutOfBounds { key, value, bound });
            }
        }
        match (input, output) {
            (Some(input), Some(output)) => Ok(Some(Self { input, output })),
            (None, None) => Ok(None),
            (Some(_), None) => Err(ConfigError::Needs { key: keys[0], other: keys[1] }),
            (None, Some(_)) => Err(ConfigError::Needs { key: keys[1], other: keys[0] }),
        }
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
    fn prices_are_given_both_or_neither_and_none_is_below_nothing() {
        let said = |input, output| Prices::given(input, output).unwrap_err().to_string();
        let bound = "must be at least 0, for a million tokens";
        assert_eq!(said(Some(0.1), Some(-1.0)), format!("`output_price` is -1, but {bound}"));
        assert_eq!(said(Some(f64::NAN), None), format!("`input_price` is NaN, but {bound}"));
        assert_eq!(said(None, Some(0.5)), "`output_price` needs `input_price`");
        assert_eq!(said(Some(0.5), None), "`input_price` needs `output_price`");
        assert_eq!(Prices::given(None, None).unwrap(), None);
        let free = Prices { input: 0.0, output: 0.0 };
        assert_eq!(Prices::given(Some(0.0), Some(0.0)).unwrap(), Some(free));
    }
}
