//! The settings of evaluations, with a trial's parameters in them.

use std::path::PathBuf;

use miette::{Report, Result};
use temper_core::{Config, Job, StageSetup, draw, stream};
use temper_generate::{ALL as SCORERS, Allowance, ConfigError, GenerateConfig, Part, ScorerError};
use temper_space::Space;
use temper_strategy::narrow;

use crate::document::Document;
use crate::generator::{check, present};
use crate::mistake::{Mistake, suggest, told};
use crate::train_settings::toml_value;

/// How many configurations of the space are checked before anything runs.
const CHECKED: u64 = 64;

/// Away from the numbers of the answers that a search asks for.
const FIRST_OF_REPEATS: u32 = 1 << 31;

/// What decides which items are asked, and how answers count: all trials share it.
const SHARED: [&str; 14] = [
    "data",
    "held_out",
    "held_out_data",
    "data_seed",
    "cache",
    "scorers",
    "texts",
    "first_sample",
    "concurrency",
    "batch_size",
    "api_key_env",
    "input_price",
    "output_price",
    "stop",
];

/// The settings that all trials share.
#[derive(Clone, Debug)]
pub(crate) struct GenerateSettings {
    config: GenerateConfig,
    /// Those of the default trial.
    default: GenerateConfig,
    /// Where paths start that a trial brings along: the folder of the study file.
    folder: PathBuf,
    /// Some configurations of the space, one for each prompt among them.
    prompts: Vec<Drawn>,
}

/// A configuration of the space, or of a stage's part of it with the settings of that stage.
#[derive(Clone, Debug, Default)]
struct Drawn {
    params: Config,
    stage: Option<(usize, Config)>,
}

/// Why a parameter can't be a setting.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NotASetting(String);

impl GenerateSettings {
    /// Checks the settings, and that the space's parameters are settings too.
    pub(crate) fn new(
        document: &Document,
        config: GenerateConfig,
        space: &Space,
        stages: &[StageSetup],
    ) -> Result<Self> {
        let mut settings = Self {
            default: config.clone(),
            config,
            folder: absolute(document.folder()),
            prompts: Vec::new(),
        };
        settings.check_names(document, space)?;
        settings.check_values(document, space, stages)?;
        let params = space.default_config().and_then(|config| space.complete(config).ok());
        let default = params.and_then(|params| settings.with(&params).ok());
        if let Some(default) = default {
            settings.default = default;
        }
        Ok(settings)
    }

    /// The settings that may differ from trial to trial.
    pub(crate) fn searchable() -> Vec<String> {
        let keys = GenerateConfig::keys().into_iter();
        keys.filter(|key| !Self::is_shared(key)).collect()
    }

    /// Whether a setting decides for all trials at once, so that neither a space nor a stage has it.
    pub(crate) fn is_shared(name: &str) -> bool {
        SHARED.contains(&name)
    }

    /// The settings that all trials share.
    pub(crate) fn shared(&self) -> &GenerateConfig {
        &self.config
    }

    /// The settings of the default trial.
    pub(crate) fn default(&self) -> &GenerateConfig {
        &self.default
    }

    /// The settings of a trial.
    pub(crate) fn with(&self, params: &Config) -> Result<GenerateConfig, NotASetting> {
        self.with_both(params, &Config::default())
    }

    fn of_drawn(&self, drawn: &Drawn) -> Result<GenerateConfig, NotASetting> {
        match &drawn.stage {
            Some((_, settings)) => self.with_both(&drawn.params, settings),
            None => self.with(&drawn.params),
        }
    }

    /// The settings of a trial of a stage.
    pub(crate) fn with_both(
        &self,
        params: &Config,
        settings: &Config,
    ) -> Result<GenerateConfig, NotASetting> {
        let values = settings.iter().chain(params.iter());
        let values = values.map(|(name, value)| (name, toml_value(value)));
        let mut config = overwrite(&self.config, values).map_err(NotASetting)?;
        config.resolve(&self.folder);
        Ok(config)
    }

    /// The settings of one attempt. A configuration that runs again asks for other answers than
    /// those that are known.
    pub(crate) fn of_job(&self, job: &Job) -> Result<GenerateConfig, NotASetting> {
        let config = self.with_both(&job.config, &job.settings)?;
        let first_sample = match job.is_repeat {
            true => (job.seed as u32) | FIRST_OF_REPEATS,
            false => config.first_sample,
        };
        Ok(GenerateConfig { first_sample, ..config })
    }

    /// Checks that keys and files are there, that every prompt and scorer suits them, and that the
    /// allowance can be counted.
    pub(crate) fn check_surroundings(
        &self,
        document: &Document,
        allowance: &Allowance,
    ) -> Result<(), Mistake> {
        present(&self.default).map_err(|(key, message, help)| {
            document.mistake(&["objective", key], message).help(help)
        })?;
        for part in [Part::Search, Part::HeldOut] {
            if part == Part::HeldOut && !self.compares() {
                continue;
            }
            let shared = (&Drawn::default(), Ok(self.default.clone()));
            let all = self.prompts.iter().map(|drawn| (drawn, self.of_drawn(drawn)));
            for (drawn, config) in std::iter::once(shared).chain(all) {
                let config = config.expect("it was checked");
                check(&config, part, &document.folder(), allowance)
                    .map_err(|error| refusal(document, drawn, &error))?;
            }
        }
        Ok(())
    }

    /// Whether items are held out.
    pub(crate) fn compares(&self) -> bool {
        self.config.held_out.is_some() || self.config.held_out_data.is_some()
    }

    fn check_names(&self, document: &Document, space: &Space) -> Result<(), Mistake> {
        let known = Self::searchable();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let params = space.params().iter().map(temper_space::Param::name);
        let derived = space.derived().iter().map(temper_space::Derived::name);
        let mut names = params.chain(derived);
        let fixed = document.root().section("objective").ok();
        if let Some(fixed) = fixed
            && let Some(name) = names.clone().find(|name| fixed.has(name))
        {
            let message = format!("`{name}` is given in [objective] and searched in [space]");
            let help = "remove it from one of the two".to_owned();
            return Err(document.mistake(&["objective", name], message).help(Some(help)));
        }
        match names.find(|name| !known.contains(name)) {
            None => Ok(()),
            Some(name) if Self::is_shared(name) => {
                let message = format!("`{name}` is the same for all trials, and can't be searched");
                let help = "write it into [objective]".to_owned();
                Err(document.mistake(&["space", name], message).help(Some(help)))
            }
            Some(name) => Err(document
                .mistake(&["space", name], format!("an evaluation has no setting `{name}`"))
                .help(Some(suggest(name, &known)))),
        }
    }

    /// Checks the default configuration and some others, also with the settings of stages: one that
    /// is refused would be a trial lost.
    fn check_values(
        &mut self,
        document: &Document,
        space: &Space,
        stages: &[StageSetup],
    ) -> Result<(), Mistake> {
        let default = space.default_config().and_then(|config| space.complete(config).ok());
        let whole = default.into_iter().chain(some_of(space));
        let mut all: Vec<Drawn> = whole.map(|params| Drawn { params, stage: None }).collect();
        for (index, stage) in stages.iter().enumerate() {
            // What can't be narrowed is another mistake, which is told later.
            let Ok(part) = narrow(space, &stage.space) else { continue };
            let in_stage = |params| Drawn { params, stage: Some((index, stage.settings.clone())) };
            all.extend(some_of(&part).map(in_stage));
        }
        let mut seen = Vec::new();
        for drawn in all {
            let config =
                self.of_drawn(&drawn).map_err(|error| not_taken(document, &drawn, &error))?;
            config.validate().map_err(|error| refusal(document, &drawn, &error))?;
            let prompt = config.prompt();
            if !seen.contains(&prompt) {
                seen.push(prompt);
                self.prompts.push(drawn);
            }
        }
        Ok(())
    }
}

/// Some configurations of a space.
fn some_of(space: &Space) -> impl Iterator<Item = Config> {
    (0..CHECKED).filter_map(|number| draw(space, &mut stream(0, number)).ok())
}

/// Points at values of another kind than that of their settings.
fn not_taken(document: &Document, drawn: &Drawn, error: &NotASetting) -> Mistake {
    match &drawn.stage {
        Some((index, settings)) => document.mistake(
            &["stage", &index.to_string(), "settings"],
            format!("an evaluation can't take {settings}: {error}"),
        ),
        None => document
            .mistake(&["space"], format!("an evaluation can't take {}: {error}", drawn.params)),
    }
}

/// Points at the parameter, or else at the setting of the stage or of all trials, that is refused.
fn refusal(document: &Document, drawn: &Drawn, error: &ConfigError) -> Mistake {
    let key = error.key().unwrap_or("kind");
    let params = &drawn.params;
    if let Some((index, settings)) = &drawn.stage
        && settings.contains(key)
    {
        let path = ["stage", &index.to_string(), "settings", key];
        return document.mistake(&path, error.to_string()).help(help(error));
    }
    if !params.contains(key) {
        return document.mistake(&["objective", key], error.to_string()).help(help(error));
    }
    let message = format!("the space has configurations that can't be asked: {error}");
    let example = format!("rule them out; one of them is {params}");
    let help = help(error).map_or_else(|| example.clone(), |help| format!("{help}; {example}"));
    document.mistake(&["space", key], message).help(Some(help))
}

/// What may mend it; of a scorer that there is not, the one that was probably meant.
fn help(error: &ConfigError) -> Option<String> {
    match error {
        ConfigError::Scorer(ScorerError::Unknown { name }) => {
            let known: Vec<_> = SCORERS.iter().map(|entry| entry.name).collect();
            Some(suggest(name, &known))
        }
        error => error.help(),
    }
}

/// Explains an error of settings some of which were given by `--set`: those are not in the file.
pub(crate) fn explain(document: &Document, pairs: &[String], error: &ConfigError) -> Report {
    let is_set =
        |key| pairs.iter().any(|pair| pair.split_once('=').is_some_and(|(name, _)| name == key));
    match error.key() {
        Some(key) if is_set(key) => told(format_args!("--set: {error}"), help(error)),
        Some(key) => {
            let path =
                if document.root().has("objective") { vec!["objective", key] } else { vec![key] };
            document.mistake(&path, error.to_string()).help(help(error)).into()
        }
        None => told(error, help(error)),
    }
}

/// The folder whatever the current one is.
pub(crate) fn absolute(folder: PathBuf) -> PathBuf {
    folder.canonicalize().unwrap_or(folder)
}

/// The settings with other values for some of them.
pub(crate) fn overwrite<'a>(
    config: &GenerateConfig,
    values: impl Iterator<Item = (&'a str, toml::Value)>,
) -> Result<GenerateConfig, String> {
    let mut table = toml::Table::try_from(config).map_err(|error| error.to_string())?;
    for (name, value) in values {
        table.insert(name.to_owned(), value);
    }
    table.try_into().map_err(|error: toml::de::Error| error.message().to_owned())
}
