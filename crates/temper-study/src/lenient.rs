//! JSON as programs write it: with numbers that are not finite.

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde_json::Value;

/// Reads JSON in which `NaN`, `Infinity` and `-Infinity` may stand as bare words, as Python writes
/// them; they are read as strings, which [`number`] and [`finite_or_not`] take for numbers.
///
/// # Errors
///
/// If it is no such JSON, or not of that type.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
    serde_json::from_str(text).or_else(|error| match quote(text) {
        quoted if quoted == text => Err(error),
        quoted => serde_json::from_str(&quoted),
    })
}

/// A number. What languages write for one that is not finite is read as such: `NaN` (Python),
/// `null` (JavaScript), `"nan"`.
pub fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        Value::Null => Some(f64::NAN),
        _ => None,
    }
}

/// For `#[serde(deserialize_with)]`: a [`number`].
///
/// # Errors
///
/// If it is something else.
pub fn finite_or_not<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let value = Value::deserialize(deserializer)?;
    number(&value).ok_or_else(|| D::Error::custom(format!("{value} is not a number")))
}

/// Puts quotes around the bare words that stand outside of strings.
fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 8);
    let (mut in_string, mut escaped) = (false, false);
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let word = ["-Infinity", "Infinity", "NaN"].iter().find(|word| rest.starts_with(**word));
        match word {
            Some(word) if !in_string => {
                quoted.push('"');
                quoted.push_str(word);
                quoted.push('"');
                rest = &rest[word.len()..];
                continue;
            }
            _ => {}
        }
        in_string ^= character == '"' && !escaped;
        escaped = in_string && character == '\\' && !escaped;
        quoted.push(character);
        rest = &rest[character.len_utf8()..];
    }
    quoted
}
