//! When a parameter exists.

use std::collections::BTreeMap;
use std::fmt;

use crate::{Config, Value};

/// The parameter exists if every parent has one of its accepted values. An inactive parent has
/// no value, so conditions nest.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition(pub(crate) BTreeMap<String, Vec<Value>>);

impl Condition {
    /// Whether every parent has an accepted value in the config.
    pub fn holds(&self, config: &Config) -> bool {
        self.0.iter().all(|(parent, accepted)| {
            config.get(parent).is_some_and(|value| accepted.contains(value))
        })
    }

    /// Parents and their accepted values, sorted by name; no list is empty.
    pub fn parents(&self) -> impl Iterator<Item = (&str, &[Value])> {
        self.0.iter().map(|(parent, accepted)| (parent.as_str(), accepted.as_slice()))
    }
}

/// As a message names it: `optimizer is sgd or rmsprop and layers is 2`.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parents: Vec<_> = self
            .parents()
            .map(|(parent, accepted)| {
                let accepted: Vec<_> = accepted.iter().map(Value::to_string).collect();
                format!("{parent} is {}", accepted.join(" or "))
            })
            .collect();
        f.write_str(&parents.join(" and "))
    }
}
