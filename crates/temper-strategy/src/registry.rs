//! The list of all strategies.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use temper_core::Strategy;

use crate::{grid, random};

/// A strategy's options, as they stand beside its name in the study file.
pub type Options = Map<String, Value>;

/// All strategies, in the order of the help.
pub const ALL: &[Entry] = &[random::ENTRY, grid::ENTRY];

/// One strategy of the registry.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its name in study files.
    pub name: &'static str,
    /// What it is, in half a line.
    pub summary: &'static str,
    /// Makes it with the options of a study file.
    pub build: fn(&Options) -> Result<Box<dyn Strategy>, RegistryError>,
}

/// Why a strategy can't be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// There is none of that name.
    #[error("there is no strategy `{name}`")]
    Unknown {
        /// The name given.
        name: String,
    },
    /// An option is unknown or has a wrong value.
    #[error("strategy `{strategy}`: {message}")]
    BadOptions {
        /// The strategy.
        strategy: &'static str,
        /// What is wrong.
        message: String,
    },
}

/// Makes the strategy of that name.
///
/// # Errors
///
/// If there is none, or an option is wrong.
pub fn build(name: &str, options: &Options) -> Result<Box<dyn Strategy>, RegistryError> {
    let entry =
        ALL.iter()
            .find(|entry| entry.name == name)
            .ok_or_else(|| RegistryError::Unknown {
                name: name.to_owned(),
            })?;
    (entry.build)(options)
}

/// Reads a strategy's options, none of which may be unknown.
pub(crate) fn read_options<T: DeserializeOwned>(
    strategy: &'static str,
    options: &Options,
) -> Result<T, RegistryError> {
    serde_json::from_value(Value::Object(options.clone())).map_err(|error| {
        RegistryError::BadOptions {
            strategy,
            message: error.to_string(),
        }
    })
}

/// Refuses every option.
pub(crate) fn no_options(strategy: &'static str, options: &Options) -> Result<(), RegistryError> {
    match options.keys().next() {
        None => Ok(()),
        Some(name) => Err(RegistryError::BadOptions {
            strategy,
            message: format!("unknown option `{name}`: it has none"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_unknown_ones_are_refused() {
        let names: std::collections::BTreeSet<_> = ALL.iter().map(|entry| entry.name).collect();
        assert_eq!(names.len(), ALL.len());
        let error = build("randm", &Options::new()).unwrap_err();
        assert_eq!(error.to_string(), "there is no strategy `randm`");
    }
}
