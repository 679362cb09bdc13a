//! One hyperparameter's value.

use std::fmt;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};

/// A value that a parameter takes: a truth value, a number or a text.
///
/// Whole numbers are equal across kinds (`Int(8) == Float(8.0)`), because a file, a protocol and
/// a program that passes a value on do not agree on how to write them. A deserialised float is
/// always finite.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A text, such as the name of an optimizer.
    Text(String),
}

impl Value {
    /// The number, if the value is one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Int(int) => Some(*int as f64),
            Self::Float(float) => Some(*float),
            Self::Bool(_) | Self::Text(_) => None,
        }
    }

    /// The whole number, if the value is one; `8.0` is.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(int) => Some(*int),
            Self::Float(float) => whole(*float),
            Self::Bool(_) | Self::Text(_) => None,
        }
    }

    /// The text, if the value is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, if the value is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// Text that is the same for two values exactly if they are equal.
    pub(crate) fn key(&self) -> String {
        match (self, self.as_i64()) {
            (_, Some(int)) => int.to_string(),
            (Self::Text(text), _) => format!("{text:?}"),
            _ => self.to_string(),
        }
    }
}

/// The float as an integer, if it is one that 64 bits hold.
pub(crate) fn whole(float: f64) -> Option<i64> {
    const END: f64 = 9_223_372_036_854_775_808.0; // 2^63
    (float.fract() == 0.0 && (-END..END).contains(&float)).then_some(float as i64)
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bool(left), Self::Bool(right)) => left == right,
            (Self::Int(left), Self::Int(right)) => left == right,
            (Self::Float(left), Self::Float(right)) => left == right,
            (Self::Text(left), Self::Text(right)) => left == right,
            (Self::Int(int), Self::Float(float)) | (Self::Float(float), Self::Int(int)) => {
                whole(*float) == Some(*int)
            }
            _ => false,
        }
    }
}

/// As in a TOML file, without the quotes: `true`, `8`, `1e-6`, `adamw`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(truth) => write!(f, "{truth}"),
            Self::Int(int) => write!(f, "{int}"),
            Self::Float(float) => write!(f, "{float:?}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<i64> for Value {
    fn from(int: i64) -> Self {
        Self::Int(int)
    }
}

impl From<f64> for Value {
    fn from(float: f64) -> Self {
        Self::Float(float)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

#[derive(Debug)]
struct ValueVisitor;

impl Visitor<'_> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, false, a finite number or a text")
    }

    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E: de::Error>(self, int: i64) -> Result<Value, E> {
        Ok(Value::Int(int))
    }

    fn visit_u64<E: de::Error>(self, int: u64) -> Result<Value, E> {
        i64::try_from(int).map(Value::Int).map_err(|_| {
            E::custom(format!("{int} is larger than the largest integer, {}", i64::MAX))
        })
    }

    fn visit_f64<E: de::Error>(self, float: f64) -> Result<Value, E> {
        if float.is_finite() {
            Ok(Value::Float(float))
        } else {
            Err(E::custom(format!("{float} is not a finite number")))
        }
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_equal_across_kinds() {
        assert_eq!(Value::Int(8), Value::Float(8.0));
        assert_eq!(Value::Int(8).key(), Value::Float(8.0).key());
        assert_ne!(Value::Int(8), Value::from("8"));
        assert_ne!(Value::Int(8).key(), Value::from("8").key());
        assert_ne!(Value::Bool(true), Value::Int(1));
        assert_ne!(Value::Int((1 << 53) + 1), Value::Float((1u64 << 53) as f64));
        assert_ne!(Value::Int(i64::MAX), Value::Float(i64::MAX as f64));
    }

    #[test]
    fn a_value_is_shown_as_a_toml_file_has_it() {
        let shown = |value: Value| value.to_string();
        assert_eq!(shown(1e-6.into()), "1e-6");
        assert_eq!(shown(0.001.into()), "0.001");
        assert_eq!(shown(8.0.into()), "8.0");
        assert_eq!(shown(Value::Int(-3)), "-3");
        assert_eq!(shown("adamw".into()), "adamw");
        assert_eq!(shown(true.into()), "true");
    }

    #[test]
    fn a_value_is_read_as_the_kind_it_is_written_in() {
        let values: Vec<Value> = serde_json::from_str(r#"[true, 8, 8.0, "8"]"#).unwrap();
        assert!(matches!(values[0], Value::Bool(true)));
        assert!(matches!(values[1], Value::Int(8)));
        assert!(matches!(values[2], Value::Float(_)));
        assert!(matches!(values[3], Value::Text(_)));
        assert_eq!(serde_json::to_string(&values).unwrap(), r#"[true,8,8.0,"8"]"#);
    }

    #[test]
    fn numbers_that_no_value_holds_are_refused() {
        let refusal = |text: &str| {
            let error = toml::from_str::<crate::Config>(text).unwrap_err();
            error.message().to_owned()
        };
        assert_eq!(refusal("x = nan"), "NaN is not a finite number");
        assert_eq!(refusal("x = inf"), "inf is not a finite number");
        let error = serde_json::from_str::<Value>("9223372036854775808").unwrap_err();
        assert!(error.to_string().contains("is larger than the largest integer"), "{error}");
        let error = serde_json::from_str::<Value>("[1]").unwrap_err();
        assert!(error.to_string().contains("true, false, a finite number or a text"), "{error}");
    }

    #[test]
    fn only_numbers_are_numbers() {
        assert_eq!(Value::Float(8.0).as_i64(), Some(8));
        assert_eq!(Value::Float(8.5).as_i64(), None);
        assert_eq!(Value::Int(8).as_f64(), Some(8.0));
        assert_eq!(Value::Bool(true).as_f64(), None);
        assert_eq!(Value::from("a").as_str(), Some("a"));
        assert_eq!(Value::Bool(true).as_bool(), Some(true));
    }
}
