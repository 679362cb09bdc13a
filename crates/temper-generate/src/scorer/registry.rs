//! The list of all scorers.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{
    Scorer, bleu, choice, chrf, contains, exact_match, json, normalized_match, number, regex_match,
    rouge_l, token_f1,
};

/// The options of a scorer, as they stand beside its name in the study file.
pub type Options = Map<String, Value>;

/// All scorers, in the order of the help.
pub const ALL: &[Entry] = &[
    exact_match::ENTRY,
    normalized_match::ENTRY,
    contains::ENTRY,
    regex_match::ENTRY,
    number::ENTRY,
    choice::ENTRY,
    json::ENTRY,
    token_f1::ENTRY,
    rouge_l::ENTRY,
    chrf::ENTRY,
    bleu::ENTRY,
];

/// A scorer of the registry.
#[derive(Debug)]
pub struct Entry {
    /// Its name in study files.
    pub name: &'static str,
    /// What it is, in half a line.
    pub summary: &'static str,
    /// Its options.
    pub options: &'static [ScorerOption],
    /// Makes it with the options of a study file.
    pub build: fn(&Options) -> Result<Box<dyn Scorer>, ScorerError>,
}

/// An option of a scorer.
#[derive(Debug)]
pub struct ScorerOption {
    /// Its name in study files.
    pub name: &'static str,
    /// What it is, and its default, in half a line.
    pub summary: &'static str,
}

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
    /// An option is unknown, missing or has a wrong value.
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

/// Makes the scorer of that name.
///
/// # Errors
///
/// If there is none, or an option is wrong.
pub fn build(name: &str, options: &Options) -> Result<Box<dyn Scorer>, ScorerError> {
    match ALL.iter().find(|entry| entry.name == name) {
        None => Err(ScorerError::Unknown { name: name.to_owned() }),
        Some(entry) => (entry.build)(options),
    }
}

/// Reads options, none of which may be unknown.
pub(super) fn read_options<T: DeserializeOwned>(
    owner: &'static str,
    options: &Options,
) -> Result<T, ScorerError> {
    serde_json::from_value(Value::Object(options.clone()))
        .map_err(|error| ScorerError::BadOptions { owner, message: error.to_string() })
}

/// Refuses every option.
pub(super) fn no_options(owner: &'static str, options: &Options) -> Result<(), ScorerError> {
    match options.keys().next() {
        None => Ok(()),
        Some(name) => Err(ScorerError::BadOptions {
            owner,
            message: format!("unknown option `{name}`: it has none"),
        }),
    }
}
