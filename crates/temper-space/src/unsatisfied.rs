//! Why a config is not runnable.

use thiserror::Error;

use crate::{Place, Value};

/// A config breaks a relation of its space, or a derived parameter has no value for it.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum Unsatisfied {
    /// A require is false.
    #[error("require `{name}`: `{expression}` is false for {}", list(values))]
    Require {
        /// The key in `[require]`.
        name: String,
        /// As the file has it.
        expression: String,
        /// The variables of the expression, sorted by name.
        values: Vec<(String, Value)>,
    },
    /// A require is neither true nor false.
    #[error("require `{name}`: `{expression}` is {result}, neither true nor false")]
    NotBool {
        /// The key in `[require]`.
        name: String,
        /// As the file has it.
        expression: String,
        /// What the expression gives.
        result: String,
    },
    /// A derived parameter is no finite number, text or truth value, or can't be rounded.
    #[error("derived parameter `{name}`: `{expression}` is {result} for {}", list(values))]
    Derived {
        /// The key in `[space]`.
        name: String,
        /// As the file has it.
        expression: String,
        /// What the expression gives.
        result: String,
        /// The variables of the expression, sorted by name.
        values: Vec<(String, Value)>,
    },
    /// An expression can't be computed, for example because it divides by zero.
    #[error("{place}: `{expression}` can't be computed for {}: {detail}", list(values))]
    Broken {
        /// Where the expression stands.
        place: Place,
        /// As the file has it.
        expression: String,
        /// The variables of the expression, sorted by name.
        values: Vec<(String, Value)>,
        /// What went wrong.
        detail: String,
    },
}

impl Unsatisfied {
    /// Where the expression stands that is not satisfied.
    pub fn place(&self) -> Place {
        match self {
            Self::Require { name, .. } | Self::NotBool { name, .. } => Place::Require(name.clone()),
            Self::Derived { name, .. } => Place::Derived(name.clone()),
            Self::Broken { place, .. } => place.clone(),
        }
    }

    /// The name of the require or the derived parameter.
    pub fn name(&self) -> &str {
        match self {
            Self::Require { name, .. }
            | Self::NotBool { name, .. }
            | Self::Derived { name, .. } => name,
            Self::Broken { place, .. } => place.name(),
        }
    }
}

fn list(values: &[(String, Value)]) -> String {
    let pairs: Vec<_> = values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    pairs.join(", ")
}
