//! The settings of the built-in trainer, with a trial's parameters in them.

use std::path::{Path, PathBuf};

use miette::Result;
use temper_core::{Config, Goal, StageSetup};
use temper_space::Space;
use temper_strategy::narrow;
use temper_train::{Device, TrainConfig, TrainError, is_on_hub};

use crate::document::Document;
use crate::mistake::Mistake;
use crate::settings::{NotASetting, check_names, of_trial, some_of};
use crate::study_file::DeviceList;

/// The metrics that the trainer reports.
pub(crate) const METRICS: [&str; 5] =
    ["eval_loss", "accuracy", "bits_per_byte", "train_loss", "tokens_per_second"];

/// The metric that only examples with labels have.
pub(crate) const ACCURACY: &str = "accuracy";

/// The settings that all trials share.
#[derive(Clone, Debug)]
pub(crate) struct TrainSettings {
    config: TrainConfig,
    /// Those of the default trial.
    default: TrainConfig,
    needs_labels: bool,
    /// The devices of the checked configurations, each with one of these.
    devices: Vec<(Device, Config)>,
}

impl TrainSettings {
    /// Checks the settings, and that the space's parameters are settings too.
    pub(crate) fn new(
        document: &Document,
        mut config: TrainConfig,
        space: &Space,
        goals: &[Goal],
    ) -> Result<Self> {
        resolve(&mut config, &document.folder());
        let needs_labels = goals.iter().any(|goal| goal.metric == ACCURACY);
        let default = config.clone();
        let mut settings = Self { config, default, needs_labels, devices: Vec::new() };
        let params = space.default_config().and_then(|config| space.complete(config).ok());
        let default = params.and_then(|params| settings.with(&params).ok());
        if let Some(default) = default {
            settings.default = default;
        }
        check_names::<TrainConfig>(document, space, &TrainConfig::keys())?;
        settings.check_values(document, space)?;
        Ok(settings)
    }

    /// The settings of a trial.
    pub(crate) fn with(&self, params: &Config) -> Result<TrainConfig, NotASetting> {
        self.with_both(params, &Config::default())
    }

    /// The settings of a trial of a stage.
    pub(crate) fn with_both(
        &self,
        params: &Config,
        settings: &Config,
    ) -> Result<TrainConfig, NotASetting> {
        of_trial(&self.config, params, settings)
    }

    /// Checks that the trainer takes the settings of each stage, with configurations of the space.
    pub(crate) fn check_stages(
        &self,
        document: &Document,
        space: &Space,
        stages: &[StageSetup],
    ) -> Result<(), Mistake> {
        for (index, stage) in stages.iter().enumerate() {
            let index = index.to_string();
            let wrong = |key: Option<&str>, message: String| {
                let key = key.filter(|key| stage.settings.contains(key)).unwrap_or_default();
                document.mistake(&["stage", &index, "settings", key], message)
            };
            let Ok(part) = narrow(space, &stage.space) else { continue };
            for params in some_of(&part) {
                let config = self.with_both(&params, &stage.settings).map_err(|error| {
                    wrong(None, format!("the trainer can't take them: {error}"))
                })?;
                config.validate().map_err(|error| {
                    let message = format!("stage `{}`: {error}", stage.name);
                    wrong(error.key(), message).help(error.help())
                })?;
            }
        }
        Ok(())
    }

    /// Checks that the space leaves the device to the list of devices.
    pub(crate) fn refuse_device_param(&self, document: &Document) -> Result<(), Mistake> {
        if self.devices.iter().all(|(_, params)| !params.contains("device")) {
            return Ok(());
        }
        let help = "remove it: each trial gets one of `devices`";
        let message = "the parameter `device` stands beside `devices` in [objective]";
        Err(document.mistake(&["space", "device"], message).help(Some(help.to_owned())))
    }

    /// Checks that the devices are there: those in the list, or else those of the space.
    pub(crate) fn check_devices(
        &self,
        document: &Document,
        list: &DeviceList,
    ) -> Result<(), Mistake> {
        for (index, name) in list.names().iter().enumerate() {
            let device: Device = name.parse().expect("the list was checked");
            if let Err(error) = device.open() {
                let path = ["objective", "devices", &index.to_string()];
                let message = error.to_string().replace("`device`", "`devices`");
                return Err(document.mistake(&path, message).help(error.help()));
            }
        }
        if !list.names().is_empty() {
            return Ok(());
        }
        let missing = self.devices.iter().find_map(|(device, params)| {
            device.open().err().map(|error| refusal(document, params, &error))
        });
        missing.map_or(Ok(()), Err)
    }

    /// Checks that there are data that can be used.
    pub(crate) fn check_surroundings(&self, document: &Document) -> Result<(), Mistake> {
        let (config, root) = (&self.default, Path::new("/"));
        let completed = config.completed(root);
        let has_labels = completed.and_then(|completed| completed.check_data(root));
        let has_labels =
            has_labels.map_err(|error| refusal(document, &Config::default(), &error))?;
        if self.needs_labels && !has_labels {
            let help = "give lines of {\"prompt\": \"...\", \"label\": \"...\"}, or another metric";
            return Err(document
                .mistake(&["objective", "data"], "data without labels have no `accuracy`")
                .help(Some(help.to_owned())));
        }
        Ok(())
    }

    /// Checks the default configuration and some others: one that the trainer refuses would be a
    /// trial lost.
    fn check_values(&mut self, document: &Document, space: &Space) -> Result<(), Mistake> {
        let default = space.default_config().and_then(|config| space.complete(config).ok());
        for params in default.into_iter().chain(some_of(space)) {
            let config = match self.with(&params) {
                Ok(config) => config,
                Err(error) => {
                    let message = format!("the trainer can't take {params}: {error}");
                    return Err(document.mistake(&["space"], message));
                }
            };
            if let Err(error) = config.validate() {
                return Err(refusal(document, &params, &error));
            }
            if self.devices.iter().all(|(device, _)| *device != config.device) {
                self.devices.push((config.device, params));
            }
        }
        Ok(())
    }
}

/// Points at the parameter, or else at the fixed setting, that the trainer refuses.
fn refusal(document: &Document, params: &Config, error: &TrainError) -> Mistake {
    let key = error.key().unwrap_or("kind");
    if !params.contains(key) {
        return document.mistake(&["objective", key], error.to_string()).help(error.help());
    }
    let message = format!("the space has configurations that can't be trained: {error}");
    let example = format!("rule them out in [require]; one of them is {params}");
    document.mistake(&["space", key], message).help(Some(example))
}

/// Makes the paths independent of where the settings are read from.
pub(crate) fn resolve(config: &mut TrainConfig, folder: &Path) {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    if let Some(model) = config.base_model.as_mut().filter(|model| !is_on_hub(model)) {
        *model = join(&folder, Path::new(&*model)).display().to_string();
    }
    for glob in config.data.iter_mut().chain(&mut config.validation_data) {
        *glob = join(&folder, Path::new(&*glob)).display().to_string();
    }
    let template = config.chat_template.as_mut();
    if let Some(path) = template.filter(|text| !TrainConfig::is_template_text(text)) {
        *path = join(&folder, Path::new(&*path)).display().to_string();
    }
}

/// The path as seen from the folder, with each `..` at its start applied.
fn join(folder: &Path, path: &Path) -> PathBuf {
    match (path.strip_prefix("..").or_else(|_| path.strip_prefix(".")), folder.parent()) {
        (Ok(rest), Some(parent)) if path.starts_with("..") => join(parent, rest),
        (Ok(rest), _) if path.starts_with(".") => join(folder, rest),
        _ => folder.join(path),
    }
}

#[cfg(test)]
mod tests {
    use temper_train::BestBy;

    use super::*;

    #[test]
    fn the_trainer_keeps_the_best_by_every_metric_that_studies_may_name() {
        for metric in METRICS {
            assert!(metric.parse::<BestBy>().is_ok(), "{metric}");
        }
    }
}
