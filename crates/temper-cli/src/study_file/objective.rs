//! `[objective]`: what a study tries.

use std::collections::BTreeMap;

use miette::Result;
use serde::Deserialize;
use temper_core::Step;
use temper_generate::{Evaluation, GenerateConfig, METRICS as OF_EVALUATIONS, Part};
use temper_space::Space;
use temper_train::TrainConfig;

use super::{DeviceList, KeptCheckpoints};
use crate::document::{Document, Section};
use crate::generate_settings::absolute;
use crate::mistake::suggest;
use crate::train_settings::METRICS as OF_TRAINER;

const KINDS: [&str; 3] = ["command", "train", "generate"];

/// `[objective]`
#[derive(Debug)]
pub(crate) struct ObjectiveSection {
    pub(crate) kind: ObjectiveKind,
    pub(crate) timeout: Option<String>,
    pub(crate) memory_limit: Option<String>,
    pub(crate) grace: Option<String>,
    pub(crate) devices: DeviceList,
    pub(crate) checkpoints: KeptCheckpoints,
}

/// What `kind` says, with the keys that belong to it.
#[derive(Debug)]
pub(crate) enum ObjectiveKind {
    Command {
        command: Vec<String>,
        env: BTreeMap<String, String>,
        max_steps: Option<Step>,
        pause: Pause,
    },
    Train(Box<TrainConfig>),
    Generate(Box<GenerateConfig>),
}

/// How a program is asked to pause.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Pause {
    /// By a SIGTERM; it saves and ends.
    #[default]
    Signal,
    /// By a file that appears; it saves and ends.
    File,
    /// It isn't asked: it can't save, and begins again when it goes on.
    Restart,
}

impl ObjectiveSection {
    pub(super) fn read(document: &Document, mut section: Section<'_>) -> Result<Self> {
        let kind: String = section
            .need("kind", "in [objective], write kind = \"command\", \"train\" or \"generate\"")?;
        let (devices, checkpoints) = match kind.as_str() {
            // Its devices and checkpoints are settings of its own.
            "generate" => Default::default(),
            _ => (
                DeviceList::read(document, &mut section, &kind)?,
                KeptCheckpoints::read(document, &mut section, &kind)?,
            ),
        };
        Ok(Self {
            checkpoints,
            timeout: section.take("timeout")?,
            memory_limit: section.take("memory_limit")?,
            grace: section.take("grace")?,
            kind: match kind.as_str() {
                "command" => ObjectiveKind::command(section)?,
                "train" => ObjectiveKind::train(section, &devices)?,
                "generate" => {
                    let mut config: GenerateConfig = section.rest()?;
                    config.resolve(&absolute(document.folder()));
                    ObjectiveKind::Generate(Box::new(config))
                }
                other => {
                    return Err(document
                        .mistake(&["objective", "kind"], format!("unknown kind `{other}`"))
                        .help(Some(suggest(other, &KINDS)))
                        .into());
                }
            },
            devices,
        })
    }
}

impl ObjectiveKind {
    /// The last step of a trial, where it is the same for all.
    pub(crate) fn max_steps(&self, space: &Space) -> Option<Step> {
        match self {
            Self::Command { max_steps, .. } => *max_steps,
            Self::Train(_) if space.spec().0.contains_key("max_steps") => None,
            Self::Train(config) => config.max_steps.map(|steps| steps as Step),
            // What is wrong with the files is told where they are needed.
            Self::Generate(config) => {
                Evaluation::items_of(config, Part::Search).ok().map(|items| items as Step)
            }
        }
    }

    /// The metrics that it reports, where these are known.
    pub(crate) fn metrics(&self) -> Option<Vec<&str>> {
        match self {
            Self::Command { .. } => None,
            Self::Train(_) => Some(OF_TRAINER.to_vec()),
            Self::Generate(config) => {
                let every = OF_EVALUATIONS.iter().map(|(name, _)| *name);
                Some(config.metrics().into_iter().chain(every).collect())
            }
        }
    }

    /// Why a metric can't be used, and what to write: it is known that it is not reported.
    pub(crate) fn refuse_metric(&self, metric: &str) -> Option<(String, String)> {
        let who = match self {
            Self::Command { .. } => return None,
            Self::Train(_) => "the trainer",
            Self::Generate(config) if metric == "cost" && !config.has_prices() => {
                let help = "write what a million tokens cost in [objective]: input_price = 0.15 and \
                            output_price = 0.6";
                return Some(("`cost` has no price".to_owned(), help.to_owned()));
            }
            Self::Generate(config) if config.scorers.is_empty() => return None, // another mistake
            Self::Generate(_) => "the evaluation",
        };
        let known = self.metrics().filter(|known| !known.contains(&metric))?;
        Some((format!("{who} does not report `{metric}`"), suggest(metric, &known)))
    }

    fn command(mut section: Section<'_>) -> Result<Self> {
        section.only(&[
            "kind",
            "command",
            "env",
            "timeout",
            "memory_limit",
            "grace",
            "max_steps",
            "pause",
            "checkpoints",
            "keep_checkpoints",
        ])?;
        let command = section
            .need("command", "write command = [\"python3\", \"train.py\", \"--lr\", \"{lr}\"]")?;
        let env = section.take("env")?.unwrap_or_default();
        let max_steps = section.take("max_steps")?;
        let pause = section.take("pause")?.unwrap_or_default();
        Ok(Self::Command { command, env, max_steps, pause })
    }

    /// Its device is the first of several; each trial gets one of them.
    fn train(section: Section<'_>, devices: &DeviceList) -> Result<Self> {
        let mut config: TrainConfig = section.rest()?;
        if let Some(device) = devices.names().first().and_then(|name| name.parse().ok()) {
            config.device = device;
        }
        Ok(Self::Train(Box::new(config)))
    }
}
