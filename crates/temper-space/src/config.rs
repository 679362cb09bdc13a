//! One choice of a value for each parameter.

use std::collections::{BTreeMap, btree_map};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Value;

/// The hyperparameters of one trial: parameter name to value, sorted by name.
///
/// Inactive parameters are absent. A config is free of its space; [`Space::complete`] makes it
/// runnable and [`Space::validate`] checks one that a person wrote.
///
/// ```
/// use temper_space::{Config, Value};
///
/// let config = Config::from_iter([("optimizer", Value::from("adamw")), ("batch_size", Value::Int(8))]);
/// assert_eq!(config.to_string(), "batch_size=8 optimizer=adamw");
/// ```
///
/// [`Space::complete`]: crate::Space::complete
/// [`Space::validate`]: crate::Space::validate
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Config(BTreeMap<String, Value>);

impl Config {
    /// A config without any value.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of the parameter, if it has one.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Gives the parameter a value, and returns the one it had.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        self.0.insert(name.into(), value.into())
    }

    /// Takes the parameter out, and returns the value it had.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// Whether the parameter has a value.
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The number of parameters that have a value.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no parameter has a value.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names and values, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Text that is the same for two configs exactly if they are equal: `8` and `8.0` are the
    /// same, `8` and `"8"` are not.
    pub fn key(&self) -> String {
        let pairs: Vec<_> =
            self.iter().map(|(name, value)| format!("{name:?}={}", value.key())).collect();
        pairs.join(" ")
    }
}

/// As a person reads it: `batch_size=8 learning_rate=0.001`.
impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.iter().enumerate() {
            let gap = if index == 0 { "" } else { " " };
            write!(f, "{gap}{name}={value}")?;
        }
        Ok(())
    }
}

impl<Name: Into<String>> FromIterator<(Name, Value)> for Config {
    fn from_iter<I: IntoIterator<Item = (Name, Value)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }
}

impl IntoIterator for Config {
    type Item = (String, Value);
    type IntoIter = btree_map::IntoIter<String, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_configs_have_the_same_key_exactly_if_they_are_equal() {
        let one = |name: &str, value: Value| Config::from_iter([(name, value)]);
        assert_eq!(one("a", Value::Int(8)).key(), one("a", Value::Float(8.0)).key());
        assert_ne!(one("a", Value::Int(8)).key(), one("a", "8".into()).key());
        assert_ne!(one("a", true.into()).key(), one("a", "true".into()).key());
        let two = Config::from_iter([("a", Value::Int(1)), ("b", Value::Int(2))]);
        assert_ne!(two.key(), one("a", "1 b=2".into()).key());
    }

    #[test]
    fn a_config_is_a_plain_table() {
        let config: Config = serde_json::from_str(r#"{"b": 8, "a": "x"}"#).unwrap();
        assert_eq!(serde_json::to_string(&config).unwrap(), r#"{"a":"x","b":8}"#);
        assert_eq!(config.to_string(), "a=x b=8");
        assert_eq!((config.len(), config.is_empty(), config.contains("b")), (2, false, true));
    }
}
