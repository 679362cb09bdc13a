//! Strategies and pruners by their names.

use miette::Result;
use temper_core::{Pruner, Strategy, StrategySetup};
use temper_strategy::{ALL, Options, PRUNERS, RegistryError, build_pruner};

use crate::document::{Document, explain};
use crate::mistake::{Mistake, suggest};
use crate::study_file::Named;

/// The strategy that a log names.
pub(crate) fn strategy_of(setup: &StrategySetup) -> Result<Box<dyn Strategy>, String> {
    temper_strategy::build(&setup.name, &options(setup)?).map_err(|error| error.to_string())
}

/// The pruner that a log names.
pub(crate) fn pruner_of(setup: &StrategySetup) -> Result<Box<dyn Pruner>, String> {
    build_pruner(&setup.name, &options(setup)?).map_err(|error| error.to_string())
}

fn options(setup: &StrategySetup) -> Result<Options, String> {
    serde_json::from_str(&setup.options).map_err(|error| error.to_string())
}

/// Checks that there is such a strategy.
pub(super) fn check_strategy(document: &Document, named: &Named) -> Result<(), Mistake> {
    let names: Vec<_> = ALL.iter().map(|entry| entry.name).collect();
    temper_strategy::build(&named.name, &named.options)
        .map(drop)
        .map_err(|error| mistake(document, "strategy", named, &error, &names))
}

/// Checks that there is such a pruner.
pub(super) fn check_pruner(document: &Document, named: &Named) -> Result<(), Mistake> {
    let names: Vec<_> = PRUNERS.iter().map(|entry| entry.name).collect();
    build_pruner(&named.name, &named.options)
        .map(drop)
        .map_err(|error| mistake(document, "pruner", named, &error, &names))
}

/// Points at the name, or at the option that the message is about.
fn mistake(
    document: &Document,
    section: &str,
    named: &Named,
    error: &RegistryError,
    names: &[&str],
) -> Mistake {
    match error {
        RegistryError::Unknown { name, .. } => {
            let help = suggest(name, names);
            document.mistake(&[section, "name"], error.to_string()).help(Some(help))
        }
        RegistryError::BadOptions { owner, message } => {
            let mut options = named.options.keys();
            let option = options.find(|option| message.contains(&format!("`{option}`")));
            let (message, help) = explain(message);
            let key = option.map_or("name", String::as_str);
            let message = format!("{section} `{owner}`: {message}");
            document.mistake(&[section, key], message).help(help)
        }
    }
}
