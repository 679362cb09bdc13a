//! Where an expression stands in the study file.

use std::fmt;

/// The key whose value is an expression.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// `derive` of this parameter.
    Derived(String),
    /// This entry of `[require]`.
    Require(String),
}

impl Place {
    /// The name of the derived parameter or the require.
    pub fn name(&self) -> &str {
        match self {
            Self::Derived(name) | Self::Require(name) => name,
        }
    }

    /// The keys from the top of the study file: `["require", "heads_divide"]`.
    pub fn path(&self) -> Vec<String> {
        let path: &[&str] = match self {
            Self::Derived(name) => &["space", name, "derive"],
            Self::Require(name) => &["require", name],
        };
        path.iter().map(ToString::to_string).collect()
    }
}

/// As a message begins: "require `heads_divide`".
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Derived(name) => write!(f, "derived parameter `{name}`"),
            Self::Require(name) => write!(f, "require `{name}`"),
        }
    }
}
