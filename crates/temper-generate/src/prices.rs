//! What tokens cost.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Completion, ConfigError};

/// Prices are per so many tokens.
const TOKENS: f64 = 1e6;

/// The settings that hold prices, of tokens that are read and of those that are written.
const KEYS: [&str; 2] = ["input_price", "output_price"];

/// The price of a million tokens as it is written in settings.
///
/// ```
/// use temper_generate::TokenPrice;
///
/// let price: TokenPrice = serde_json::from_str(r#"{"large": 2.5, "small": 0.15}"#)?;
/// assert_eq!(price.of(Some("small")), Some(0.15));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a price is a number, or a table of numbers by the names of models")]
pub enum TokenPrice {
    /// Of whichever model.
    Any(f64),
    /// By the names of models, which a study compares.
    OfModel(BTreeMap<String, f64>),
}

impl TokenPrice {
    /// The price for that model; `None` if it is not among those that have one.
    #[must_use]
    pub fn of(&self, model: Option<&str>) -> Option<f64> {
        match self {
            Self::Any(price) => Some(*price),
            Self::OfModel(prices) => prices.get(model?).copied(),
        }
    }
}

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
        for (key, price) in KEYS.into_iter().zip([input, output]) {
            if let Some(price) = price.filter(|price| !(price.is_finite() && *price >= 0.0)) {
                let (value, bound) = (price.to_string(), "at least 0, for a million tokens");
                return Err(ConfigError::OutOfBounds { key, value, bound });
            }
        }
        match (input, output) {
            (Some(input), Some(output)) => Ok(Some(Self { input, output })),
            (None, None) => Ok(None),
            (Some(_), None) => Err(ConfigError::Needs { key: KEYS[0], other: KEYS[1] }),
            (None, Some(_)) => Err(ConfigError::Needs { key: KEYS[1], other: KEYS[0] }),
        }
    }

    /// The prices of a model, as [`Prices::given`] takes them.
    ///
    /// # Errors
    ///
    /// As there, or prices by name do not name the model.
    pub fn of_model(
        model: Option<&str>,
        input: Option<&TokenPrice>,
        output: Option<&TokenPrice>,
    ) -> Result<Option<Self>, ConfigError> {
        let of = |key, price: Option<&TokenPrice>| match price {
            None => Ok(None),
            Some(price) => {
                let model = model.unwrap_or_default();
                let unknown = || ConfigError::NoPrice { key, model: model.to_owned() };
                price.of(Some(model)).map(Some).ok_or_else(unknown)
            }
        };
        Self::given(of(KEYS[0], input)?, of(KEYS[1], output)?)
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

    #[test]
    fn prices_by_model_are_those_of_the_model() {
        let by_model = |large| {
            TokenPrice::OfModel(BTreeMap::from([
                ("large".to_owned(), large),
                ("tiny".to_owned(), 0.5),
            ]))
        };
        let of =
            |model| Prices::of_model(model, Some(&TokenPrice::Any(0.25)), Some(&by_model(4.0)));
        assert_eq!(of(Some("large")).unwrap(), Some(Prices { input: 0.25, output: 4.0 }));
        assert_eq!(of(Some("tiny")).unwrap(), Some(Prices { input: 0.25, output: 0.5 }));
        let said = of(Some("Large")).unwrap_err().to_string();
        assert_eq!(said, "`output_price` has no price for the model `Large`");
        let input = by_model(-1.0);
        let below = Prices::of_model(Some("large"), Some(&input), Some(&input)).unwrap_err();
        let bound = "must be at least 0, for a million tokens";
        assert_eq!(below.to_string(), format!("`input_price` is -1, but {bound}"));
    }
}
