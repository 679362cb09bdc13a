//! How an answer is sampled.

use serde::{Deserialize, Serialize};

/// How an answer is sampled. What is absent is not sent, so that the endpoint's default holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GenerationSettings {
    /// 0 to 2; 0 takes the likeliest token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Above 0, up to 1: the probability that the likeliest tokens sum up to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    /// How many of the likeliest tokens are considered, at least 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_k: Option<u32>,
    /// From 0 up to, but not, 1: what part of the likeliest token's probability another one needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_p: Option<f64>,
    /// The longest answer in tokens, at least 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// -2 to 2, for each time that a token was there before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frequency_penalty: Option<f64>,
    /// -2 to 2, if a token was there before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presence_penalty: Option<f64>,
    /// Above 0: divides the likelihood of tokens that were there before; 1 does nothing. Endpoints
    /// are also sent it as `repeat_penalty`, which is its name in llama.cpp.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repetition_penalty: Option<f64>,
    /// The seed of the draws.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<i64>,
    /// Texts before which an answer ends.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<String>,
}

/// A setting out of its range.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("`{name}` is {value}, but must be {range}")]
pub struct SettingError {
    /// The setting.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
    /// What it may be.
    pub range: &'static str,
}

impl GenerationSettings {
    /// Checks every setting that is there.
    ///
    /// # Errors
    ///
    /// The first setting that is out of its range, or not a number.
    pub fn check(&self) -> Result<(), SettingError> {
        let penalty = |value: f64| (-2.0..=2.0).contains(&value);
        check("temperature", self.temperature, "from 0 to 2", |value| {
            (0.0..=2.0).contains(&value)
        })?;
        check("top_p", self.top_p, "above 0, up to 1", |value| value > 0.0 && value <= 1.0)?;
        check("top_k", self.top_k.map(f64::from), "at least 1", |value| value >= 1.0)?;
        check("min_p", self.min_p, "from 0, below 1", |value| (0.0..1.0).contains(&value))?;
        check("repetition_penalty", self.repetition_penalty, "above 0", |value| {
            value > 0.0 && value.is_finite()
        })?;
        check("max_tokens", self.max_tokens.map(f64::from), "at least 1", |value| value >= 1.0)?;
        check("frequency_penalty", self.frequency_penalty, "from -2 to 2", penalty)?;
        check("presence_penalty", self.presence_penalty, "from -2 to 2", penalty)
    }
}

fn check(
    name: &'static str,
    value: Option<f64>,
    range: &'static str,
    is_in_range: impl Fn(f64) -> bool,
) -> Result<(), SettingError> {
    match value {
        Some(value) if !is_in_range(value) => Err(SettingError { name, value, range }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_their_ranges_are_named_with_the_range() {
        let settings = |text| serde_json::from_str::<GenerationSettings>(text).expect("it parses");
        for (text, said) in [
            (r#"{"temperature": 2.5}"#, "`temperature` is 2.5, but must be from 0 to 2"),
            (r#"{"top_p": 0}"#, "`top_p` is 0, but must be above 0, up to 1"),
            (r#"{"top_k": 0}"#, "`top_k` is 0, but must be at least 1"),
            (r#"{"max_tokens": 0}"#, "`max_tokens` is 0, but must be at least 1"),
            (r#"{"presence_penalty": -3}"#, "`presence_penalty` is -3, but must be from -2 to 2"),
        ] {
            let error = settings(text).check().expect_err("it is out of range");
            assert_eq!(error.to_string(), said);
        }
        let not_a_number =
            GenerationSettings { temperature: Some(f64::NAN), ..GenerationSettings::default() };
        assert!(not_a_number.check().is_err());
        assert_eq!(settings(r#"{"temperature": 0, "top_p": 1}"#).check(), Ok(()));
    }

    #[test]
    fn what_is_absent_is_not_sent() {
        let none = serde_json::to_string(&GenerationSettings::default()).expect("it is JSON");
        assert_eq!(none, "{}");
    }
}
