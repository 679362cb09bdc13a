//! The stages of a search from coarse to fine.

use serde::{Deserialize, Serialize};
use temper_space::SpaceSpec;

use crate::{Config, StrategySetup};

/// A part of a study with a strategy, a part of the space, a budget and a fidelity of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageSetup {
    /// Its name; no two stages have the same.
    pub name: String,
    /// How many trials it begins; `None` in the last stage only: the rest of the study's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trials: Option<u64>,
    /// What proposes its trials.
    pub strategy: StrategySetup,
    /// What is narrower than in the study's space: bounds, steps, values, or one value.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub space: SpaceSpec,
    /// Where it searches, if not everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub around: Option<Around>,
    /// Settings of the objective in place of its own: the fidelity.
    #[serde(default, skip_serializing_if = "Config::is_empty")]
    pub settings: Config,
}

/// A neighbourhood of the best configuration of the stages before.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Around {
    /// The width of each parameter's range there, as a part of its width in the study's space, in
    /// its own scale; above 0, at most 1.
    pub shrink: f64,
}

fn is_empty(space: &SpaceSpec) -> bool {
    space.0.is_empty()
}
