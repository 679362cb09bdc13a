//! Strategies and pruners by their names.

use miette::{Result, miette};
use temper_core::{Event, History, Pruner, Setup, Strategy, StrategySetup, stream};
use temper_space::Space;
use temper_strategy::{ALL, Options, PRUNERS, RegistryError, build_pruner};
use temper_study::Proposers;

use crate::document::{Document, explain};
use crate::mistake::{Mistake, suggest};
use crate::study_file::Named;

/// The strategy that a log names, or those of its stages.
pub(crate) fn strategy_of(setup: &Setup) -> Result<Box<dyn Strategy>, String> {
    temper_strategy::build_for(setup).map_err(|error| error.to_string())
}

/// The pruner that a log names.
pub(crate) fn pruner_of(setup: &StrategySetup) -> Result<Box<dyn Pruner>, String> {
    build_pruner(&setup.name, &options(setup)?).map_err(|error| error.to_string())
}

/// The strategy and the pruner that a log names.
pub(crate) fn proposers_of(setup: &Setup) -> Result<Proposers, String> {
    let pruner = setup.pruner.as_ref().map(pruner_of).transpose()?;
    Ok((strategy_of(setup)?, pruner))
}

fn options(setup: &StrategySetup) -> Result<Options, String> {
    serde_json::from_str(&setup.options).map_err(|error| error.to_string())
}

/// Checks that there is such a strategy.
pub(super) fn check_strategy(
    document: &Document,
    section: &[&str],
    named: &Named,
) -> Result<(), Mistake> {
    let names: Vec<_> = ALL.iter().map(|entry| entry.name).collect();
    temper_strategy::build(&named.name, &named.options)
        .map(drop)
        .map_err(|error| mistake(document, section, named, &error, &names))
}

/// Checks that the strategy can search the space: that it answers a first question.
pub(super) fn check_suits(document: &Document, setup: &Setup, space: &Space) -> Result<()> {
    let mut strategy = strategy_of(setup).map_err(|error| miette!("{error}"))?;
    let (mut history, opened) = (History::new(), Event::Opened(setup.clone()));
    history.apply(&opened).map_err(|error| miette!("{error}"))?;
    strategy.tell(&opened);
    let asked = strategy.ask(space, &history, &mut stream(setup.seed, 0));
    let Err(error) = asked else { return Ok(()) };
    let message = error.to_string();
    let options = options(&setup.strategy).unwrap_or_default();
    let mut options = options.keys();
    let key = options.find(|option| message.contains(&format!("`{option}`")));
    let key = key.map_or("name", String::as_str);
    let help = message.contains("`max_steps`").then(last_step_help);
    Err(document.mistake(&["strategy", key], message).help(help).into())
}

fn last_step_help() -> String {
    "write how many steps a trial reports: max_steps = 27 in [objective]".to_owned()
}

/// Checks that the pruner can judge the study's trials.
pub(super) fn check_pruner_suits(document: &Document, setup: &Setup) -> Result<()> {
    let Some(named) = &setup.pruner else { return Ok(()) };
    let pruner = pruner_of(named).map_err(|error| miette!("{error}"))?;
    let Err(lack) = pruner.suits(setup) else { return Ok(()) };
    let help = match lack.contains("last step") {
        true => Some(last_step_help()),
        false if lack.contains("`min_steps`") => {
            Some("choose an earlier step, or leave it out: three rungs are the default".to_owned())
        }
        false => None,
    };
    let message = format!("pruner `{}`: {lack}", named.name);
    let options = options(named).unwrap_or_default();
    let key = options.keys().find(|option| lack.contains(&format!("`{option}`")));
    let key = key.map_or("name", String::as_str);
    Err(document.mistake(&["pruner", key], message).help(help).into())
}

/// Checks that there is such a pruner.
pub(super) fn check_pruner(document: &Document, named: &Named) -> Result<(), Mistake> {
    let names: Vec<_> = PRUNERS.iter().map(|entry| entry.name).collect();
    build_pruner(&named.name, &named.options)
        .map(drop)
        .map_err(|error| mistake(document, &["pruner"], named, &error, &names))
}

/// Points at the name, or at the option that the message is about.
fn mistake(
    document: &Document,
    section: &[&str],
    named: &Named,
    error: &RegistryError,
    names: &[&str],
) -> Mistake {
    let path = |key| section.iter().copied().chain([key]).collect::<Vec<&str>>();
    match error {
        RegistryError::Unknown { name, .. } => {
            let help = suggest(name, names);
            document.mistake(&path("name"), error.to_string()).help(Some(help))
        }
        RegistryError::BadOptions { owner, message } => {
            let mut options = named.options.keys();
            let option = options.find(|option| message.contains(&format!("`{option}`")));
            let key = option.map_or("name", String::as_str);
            // The place says which option it is.
            let message = message.strip_prefix(&format!("`{key}`: ")).unwrap_or(message);
            let (message, help) = explain(message);
            let what = section.last().copied().unwrap_or_default();
            let message = format!("{what} `{owner}`: {message}");
            document.mistake(&path(key), message).help(help)
        }
    }
}
