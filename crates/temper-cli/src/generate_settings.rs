//! The settings of evaluations, with a trial's parameters in them.

use std::path::PathBuf;

use miette::{Report, Result};
use temper_core::{Config, Job, StageSetup};
use temper_generate::{ALL as SCORERS, Allowance, ConfigError, GenerateConfig, Part, ScorerError};
use temper_space::Space;
use temper_strategy::narrow;

use crate::document::Document;
use crate::generator::{check, present};
use crate::mistake::{Mistake, suggest};
use crate::settings::{self, NotASetting, check_names, names, of_trial, some_of};

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
        Self::check_names(document, space)?;
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
        let mut config = of_trial(&self.config, params, settings)?;
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
        let shared = [Drawn::default()];
        let drawn = if self.prompts.is_empty() { &shared[..] } else { &self.prompts };
        for part in [Part::Search, Part::HeldOut] {
            if part == Part::HeldOut && !self.compares() {
                continue;
            }
            for drawn in drawn {
                let config = self.of_drawn(drawn).expect("it was checked");
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

    fn check_names(document: &Document, space: &Space) -> Result<(), Mistake> {
        if let Some(name) = names(space).find(|name| Self::is_shared(name)) {
            let message = format!("`{name}` is the same for all trials, and can't be searched");
            let help = "write it into [objective]".to_owned();
            return Err(document.mistake(&["space", name], message).help(Some(help)));
        }
        check_names::<GenerateConfig>(document, space, &Self::searchable())
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

/// Explains an error of settings, some of which were given by `--set`.
pub(crate) fn explain(document: &Document, pairs: &[String], error: &ConfigError) -> Report {
    settings::explain(document, pairs, error.key(), error, help(error))
}

/// The folder whatever the current one is.
pub(crate) fn absolute(folder: PathBuf) -> PathBuf {
    folder.canonicalize().unwrap_or(folder)
}
