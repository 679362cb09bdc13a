//! Why there is no scorer, or none for an item.

use super::OptionKind;

/// Why there is no scorer, or none for an item.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScorerError {
    /// There is none of that name.
    #[error("there is no scorer `{name}`")]
    Unknown {
        /// The name given.
        name: String,
    },
    /// The scorer has no option of that name.
    #[error("`{owner}`: unknown option `{name}`: {}", listed(known))]
    UnknownOption {
        /// The name of the scorer.
        owner: &'static str,
        /// The option given.
        name: String,
        /// The options that it has.
        known: Vec<&'static str>,
    },
    /// An option's value is of another kind.
    #[error("`{owner}`: `{option}` is {value}, but must be {kind}")]
    WrongKind {
        /// The name of the scorer.
        owner: &'static str,
        /// The option.
        option: &'static str,
        /// Its value, as JSON.
        value: String,
        /// What it may be.
        kind: OptionKind,
    },
    /// An option is missing or has a wrong value.
    #[error("`{owner}`: {message}")]
    BadOptions {
        /// The name of the scorer.
        owner: &'static str,
        /// What is wrong.
        message: String,
    },
    /// An item has nothing that the scorer could compare with.
    #[error("`{owner}`: item {item:?} {message}")]
    UnfitItem {
        /// The name of the scorer.
        owner: &'static str,
        /// The item.
        item: String,
        /// What is wrong.
        message: String,
    },
}

fn listed(known: &[&str]) -> String {
    match known {
        [] => "it has none".into(),
        known => format!("it has `{}`", known.join("`, `")),
    }
}
