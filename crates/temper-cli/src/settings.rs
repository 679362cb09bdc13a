//! Settings in a file, some of which a trial or a person sets to other values: what the trainer's and
//! those of evaluations have in common.

use std::fmt::Display;

use miette::{Report, Result, miette};
use serde::Serialize;
use serde::de::DeserializeOwned;
use temper_core::{Config, Value, draw, stream};
use temper_generate::GenerateConfig;
use temper_space::Space;
use temper_train::TrainConfig;

use crate::document::Document;
use crate::mistake::{Mistake, suggest, told};

/// How many configurations of a space are checked before anything runs.
const CHECKED: u64 = 64;

/// Settings that are a table of a file.
pub(crate) trait Settings: Clone + Serialize + DeserializeOwned {
    /// Who has them, for messages.
    const WHO: &str;
    /// How one of them is set.
    const EXAMPLE: &str;

    /// The names of all of them.
    fn keys() -> Vec<String>;
}

impl Settings for TrainConfig {
    const WHO: &str = "the trainer";
    const EXAMPLE: &str = "--set learning_rate=1e-3";

    fn keys() -> Vec<String> {
        TrainConfig::keys()
    }
}

impl Settings for GenerateConfig {
    const WHO: &str = "an evaluation";
    const EXAMPLE: &str = "--set temperature=0.2";

    fn keys() -> Vec<String> {
        GenerateConfig::keys()
    }
}

/// Why a value can't be that of a setting.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NotASetting(String);

/// The settings with other values for some of them.
pub(crate) fn overwrite<'a, S: Settings>(
    settings: &S,
    values: impl Iterator<Item = (&'a str, toml::Value)>,
) -> Result<S, NotASetting> {
    let mut table =
        toml::Table::try_from(settings).map_err(|error| NotASetting(error.to_string()))?;
    for (name, value) in values {
        table.insert(name.to_owned(), value);
    }
    table.try_into().map_err(|error: toml::de::Error| NotASetting(error.message().to_owned()))
}

/// The settings of a trial, given the parameters of the trial and the settings of its stage.
pub(crate) fn of_trial<S: Settings>(
    settings: &S,
    params: &Config,
    of_stage: &Config,
) -> Result<S, NotASetting> {
    let values = of_stage.iter().chain(params.iter());
    overwrite(settings, values.map(|(name, value)| (name, toml_value(value))))
}

/// Sets `name=value` pairs.
pub(crate) fn set<S: Settings>(settings: &S, pairs: &[String]) -> Result<S> {
    let known = S::keys();
    let known: Vec<_> = known.iter().map(String::as_str).collect();
    let mut settings = settings.clone();
    for pair in pairs {
        let (name, value) = pair.split_once('=').ok_or_else(|| {
            miette!(help = format!("write {}", S::EXAMPLE), "`{pair}` has no `=`")
        })?;
        if !known.contains(&name) {
            return Err(miette!(help = suggest(name, &known), "there is no setting `{name}`"));
        }
        settings = overwrite(&settings, [(name, parse_value(value))].into_iter())
            .map_err(|error| miette!("--set {pair}: {error}"))?;
    }
    Ok(settings)
}

/// The value as TOML, or else as text: `--set optimizer=adamw` needs no quotes.
fn parse_value(text: &str) -> toml::Value {
    format!("value = {text}")
        .parse::<toml::Table>()
        .ok()
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| toml::Value::String(text.to_owned()))
}

/// Explains an error of settings, some of which were given by `--set`: those are not in the file.
pub(crate) fn explain(
    document: &Document,
    pairs: &[String],
    key: Option<&str>,
    error: impl Display,
    help: Option<String>,
) -> Report {
    let is_set =
        |key| pairs.iter().any(|pair| pair.split_once('=').is_some_and(|(name, _)| name == key));
    match key {
        Some(key) if is_set(key) => told(format_args!("--set: {error}"), help),
        Some(key) => {
            let path =
                if document.root().has("objective") { vec!["objective", key] } else { vec![key] };
            document.mistake(&path, error.to_string()).help(help).into()
        }
        None => told(error, help),
    }
}

/// Checks that the parameters of a space are settings among `known`, none of which [objective] fixes.
pub(crate) fn check_names<S: Settings>(
    document: &Document,
    space: &Space,
    known: &[String],
) -> Result<(), Mistake> {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let fixed = document.root().section("objective").ok();
    if let Some(fixed) = fixed
        && let Some(name) = names(space).find(|name| fixed.has(name))
    {
        let message = format!("`{name}` is given in [objective] and searched in [space]");
        let help = "remove it from one of the two".to_owned();
        return Err(document.mistake(&["objective", name], message).help(Some(help)));
    }
    match names(space).find(|name| !known.contains(name)) {
        None => Ok(()),
        Some(name) => Err(document
            .mistake(&["space", name], format!("{} has no setting `{name}`", S::WHO))
            .help(Some(suggest(name, &known)))),
    }
}

/// The names of the parameters and derived values of a space.
pub(crate) fn names(space: &Space) -> impl Iterator<Item = &str> {
    let params = space.params().iter().map(temper_space::Param::name);
    params.chain(space.derived().iter().map(temper_space::Derived::name))
}

/// Some configurations of a space, the same each time: one that is refused would be a trial lost.
pub(crate) fn some_of(space: &Space) -> impl Iterator<Item = Config> {
    (0..CHECKED).filter_map(|number| draw(space, &mut stream(0, number)).ok())
}

pub(crate) fn toml_value(value: &Value) -> toml::Value {
    match value {
        Value::Bool(value) => toml::Value::Boolean(*value),
        Value::Int(value) => toml::Value::Integer(*value),
        Value::Float(value) => toml::Value::Float(*value),
        Value::Text(value) => toml::Value::String(value.clone()),
    }
}
