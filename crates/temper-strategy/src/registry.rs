//! The lists of all strategies and pruners.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use temper_core::{Pruner, Strategy};

use crate::{auto, bayes, cmaes, genetic, grid, local, nsga2, pbt, prune, random, sobol, tpe};

/// The options of a strategy or pruner, as they stand beside its name in the study file.
pub type Options = Map<String, Value>;

/// All strategies, in the order of the help.
pub const ALL: &[Entry<dyn Strategy>] = &[
    auto::ENTRY,
    bayes::ENTRY,
    local::ENTRY,
    tpe::ENTRY,
    cmaes::ENTRY,
    genetic::ENTRY,
    nsga2::ENTRY,
    pbt::ENTRY,
    sobol::ENTRY,
    random::ENTRY,
    grid::ENTRY,
];

/// The strategies that divide what a trial promises by what it is predicted to cost; `auto` does so
/// where it chooses one of the others.
pub const COST_AWARE: [&str; 4] =
    [auto::ENTRY.name, bayes::ENTRY.name, local::ENTRY.name, tpe::ENTRY.name];

/// The strategy of a study that names none.
pub const DEFAULT: &str = auto::ENTRY.name;

/// All pruners, in the order of the help.
pub const PRUNERS: &[Entry<dyn Pruner>] = &[
    prune::median::ENTRY,
    prune::percentile::ENTRY,
    prune::asha::ENTRY,
    prune::hyperband::ENTRY,
    prune::freeze_thaw::ENTRY,
    prune::race::ENTRY,
    prune::wilcoxon::ENTRY,
    prune::threshold::ENTRY,
    prune::patient::ENTRY,
];

/// A strategy or a pruner of the registry.
#[derive(Debug)]
pub struct Entry<T: ?Sized> {
    /// Its name in study files.
    pub name: &'static str,
    /// What it is, in half a line.
    pub summary: &'static str,
    /// Makes it with the options of a study file.
    pub build: fn(&Options) -> Result<Box<T>, RegistryError>,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Something that proposes trials.
    Strategy,
    /// Something that ends them early.
    Pruner,
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Strategy => "strategy",
            Self::Pruner => "pruner",
        })
    }
}

/// Why a strategy or a pruner can't be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// There is none of that name.
    #[error("there is no {sort} `{name}`")]
    Unknown {
        /// What was looked for.
        sort: Sort,
        /// The name given.
        name: String,
    },
    /// An option is unknown or has a wrong value.
    #[error("`{owner}`: {message}")]
    BadOptions {
        /// The name of the strategy or pruner.
        owner: &'static str,
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
    find(ALL, Sort::Strategy, name).and_then(|entry| (entry.build)(options))
}

/// Makes the pruner of that name.
///
/// # Errors
///
/// If there is none, or an option is wrong.
pub fn build_pruner(name: &str, options: &Options) -> Result<Box<dyn Pruner>, RegistryError> {
    find(PRUNERS, Sort::Pruner, name).and_then(|entry| (entry.build)(options))
}

fn find<T: ?Sized>(
    entries: &'static [Entry<T>],
    sort: Sort,
    name: &str,
) -> Result<&'static Entry<T>, RegistryError> {
    let unknown = || RegistryError::Unknown { sort, name: name.to_owned() };
    entries.iter().find(|entry| entry.name == name).ok_or_else(unknown)
}

/// Reads options, none of which may be unknown.
pub(crate) fn read_options<T: DeserializeOwned>(
    owner: &'static str,
    options: &Options,
) -> Result<T, RegistryError> {
    read(options.clone()).map_err(|error: serde_json::Error| {
        // serde names unknown options, but not those with a wrong value.
        let alone = |(name, value): (&String, &Value)| [(name.clone(), value.clone())];
        let is_culprit = |option: &(&String, &Value)| {
            let again = read::<T>(Options::from_iter(alone(*option))).err();
            again.is_some_and(|again| again.to_string() == error.to_string())
        };
        let named = |name: &String| error.to_string().contains(&format!("`{name}`"));
        let message = match options.iter().find(is_culprit) {
            Some((name, _)) if !named(name) => format!("`{name}`: {error}"),
            _ => error.to_string(),
        };
        RegistryError::BadOptions { owner, message }
    })
}

fn read<T: DeserializeOwned>(options: Options) -> serde_json::Result<T> {
    serde_json::from_value(Value::Object(options))
}

/// Refuses every option.
pub(crate) fn no_options(owner: &'static str, options: &Options) -> Result<(), RegistryError> {
    match options.keys().next() {
        None => Ok(()),
        Some(name) => Err(RegistryError::BadOptions {
            owner,
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
