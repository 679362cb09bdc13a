//! The study file, as it is written. What it means is in [`crate::plan`].

mod checkpoints;
mod devices;
mod objective;
mod stages;

use std::path::PathBuf;

use miette::Result;
use serde::Deserialize;
use temper_core::{Direction, Goal, StrategySetup};
use temper_generate::PromptSearchConfig;
use temper_space::{OneOrMany, RequireSpec, SpaceSpec};
use temper_strategy::Options;

use crate::document::{Document, Section};

pub(crate) use checkpoints::{Keep, KeptCheckpoints};
pub(crate) use devices::DeviceList;
pub(crate) use objective::{ObjectiveKind, ObjectiveSection, Pause};
pub(crate) use stages::StageSection;

/// Everything that a study file says.
#[derive(Debug)]
pub(crate) struct StudyFile {
    pub(crate) study: StudySection,
    pub(crate) objective: ObjectiveSection,
    pub(crate) strategy: Named,
    pub(crate) pruner: Option<Named>,
    pub(crate) early_stopping: Option<EarlyStoppingSection>,
    pub(crate) budget: BudgetSection,
    pub(crate) confirm: Option<ConfirmSection>,
    pub(crate) prompt_search: Option<PromptSearchConfig>,
    pub(crate) stages: Vec<StageSection>,
    pub(crate) retries: RetriesSection,
    pub(crate) warm_start: Vec<PathBuf>,
    pub(crate) space: SpaceSpec,
    pub(crate) require: RequireSpec,
}

/// `[study]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StudySection {
    pub(crate) name: Option<String>,
    pub(crate) metric: Option<String>,
    pub(crate) direction: Option<Direction>,
    pub(crate) objectives: Option<Vec<Goal>>,
    #[serde(default)]
    pub(crate) constraints: Vec<String>,
    pub(crate) trials: Option<u64>,
    pub(crate) repeat: Option<u32>,
    pub(crate) seed: Option<u64>,
    pub(crate) workers: Option<u16>,
    pub(crate) storage: Option<PathBuf>,
    pub(crate) lease: Option<String>,
}

/// `[budget]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct BudgetSection {
    pub(crate) wall_time: Option<String>,
    pub(crate) cost: Option<f64>,
    pub(crate) price_per_hour: Option<f64>,
    pub(crate) cost_metric: Option<String>,
    pub(crate) cost_aware: Option<bool>,
    pub(crate) until_converged: Option<UntilConverged>,
    pub(crate) train_tokens: Option<f64>,
    pub(crate) tokens: Option<u64>,
    pub(crate) target: Option<f64>,
}

/// `[confirm]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmSection {
    pub(crate) seeds: Option<u32>,
    pub(crate) top: Option<u32>,
}

/// `until_converged`: whether, or after how many results in a row.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged, expecting = "expected true, false or a number of results, as in 3")]
pub(crate) enum UntilConverged {
    Whether(bool),
    Results(u32),
}

/// `[early_stopping]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EarlyStoppingSection {
    pub(crate) patience: Option<u32>,
    pub(crate) min_delta: Option<f64>,
    pub(crate) metric: Option<String>,
    pub(crate) direction: Option<Direction>,
}

/// A section with a name and options: `[strategy]`, `[pruner]`.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) options: Options,
}

/// `[retries]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RetriesSection {
    pub(crate) preempted: Option<u32>,
    pub(crate) crashed: Option<u32>,
    pub(crate) disk_full: Option<u32>,
}

const SECTIONS: [&str; 13] = [
    "study",
    "objective",
    "strategy",
    "stage",
    "pruner",
    "early_stopping",
    "budget",
    "confirm",
    "prompt_search",
    "retries",
    "warm_start",
    "space",
    "require",
];

/// What can be written in place of leaving `[pruner]` out.
const NO_PRUNER: &str = "none";

impl StudyFile {
    /// The names of what proposes trials: in each stage, or in the whole study.
    pub(crate) fn strategies(&self) -> Vec<&str> {
        let own = self.strategy.name.as_str();
        let stages = self.stages.iter();
        let mut names: Vec<&str> = stages
            .map(|it| it.strategy.as_ref().map_or(own, |named| named.name.as_str()))
            .collect();
        if names.is_empty() {
            names.push(own);
        }
        names
    }

    pub(crate) fn read(document: &Document) -> Result<Self> {
        let mut root = document.root();
        root.only(&SECTIONS)?;
        Ok(Self {
            study: root.section("study")?.rest()?,
            objective: ObjectiveSection::read(document, root.section("objective")?)?,
            strategy: Named::strategy(root.section("strategy")?)?,
            pruner: Named::pruner(&mut root)?,
            early_stopping: early_stopping(&mut root)?,
            budget: root.section("budget")?.rest()?,
            confirm: confirm(&mut root)?,
            prompt_search: prompt_search(&mut root)?,
            stages: StageSection::read_all(&mut root)?,
            retries: root.section("retries")?.rest()?,
            warm_start: warm_start(&mut root)?,
            space: root.need("space", "add [space] with at least one parameter")?,
            require: root.take("require")?.unwrap_or_default(),
        })
    }
}

fn early_stopping(root: &mut Section<'_>) -> Result<Option<EarlyStoppingSection>> {
    root.has("early_stopping").then(|| root.section("early_stopping")?.rest()).transpose()
}

fn confirm(root: &mut Section<'_>) -> Result<Option<ConfirmSection>> {
    root.has("confirm").then(|| root.section("confirm")?.rest()).transpose()
}

fn prompt_search(root: &mut Section<'_>) -> Result<Option<PromptSearchConfig>> {
    root.has("prompt_search").then(|| root.section("prompt_search")?.rest()).transpose()
}

/// The logs of earlier studies.
fn warm_start(root: &mut Section<'_>) -> Result<Vec<PathBuf>> {
    if !root.has("warm_start") {
        return Ok(Vec::new());
    }
    let mut section = root.section("warm_start")?;
    section.only(&["from"])?;
    let from: OneOrMany<String> =
        section.need("from", "name the log of an earlier study: from = \"earlier.db\"")?;
    Ok(from.as_slice().iter().map(PathBuf::from).collect())
}

impl Named {
    fn strategy(mut section: Section<'_>) -> Result<Self> {
        let name = section.take("name")?.unwrap_or_else(|| temper_strategy::DEFAULT.to_owned());
        Ok(Self { name, options: section.rest()? })
    }

    fn pruner(root: &mut Section<'_>) -> Result<Option<Self>> {
        if !root.has("pruner") {
            return Ok(None);
        }
        let mut section = root.section("pruner")?;
        let name = section.need("name", "write which one: name = \"median\"")?;
        let named = Self { name, options: section.rest()? };
        Ok(Some(named).filter(|named| named.name != NO_PRUNER))
    }

    /// As it is recorded.
    pub(crate) fn setup(&self) -> StrategySetup {
        let options = serde_json::Value::Object(self.options.clone()).to_string();
        StrategySetup { name: self.name.clone(), options }
    }
}
