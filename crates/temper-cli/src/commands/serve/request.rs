//! What a program may ask.

use serde::Deserialize;
use temper_core::{Config, Constraint, Direction, FailureKind, Metrics, Step, TrialId};
use temper_space::{RequireSpec, SpaceSpec};
use temper_study::lenient::finite_or_not;

/// A request.
#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub(super) enum Request {
    Create(Box<Create>),
    Ask(Ask),
    Tell(Tell),
    Report(Report),
    Observe(Observe),
}

/// Begins a study.
#[derive(Debug, Deserialize)]
pub(super) struct Create {
    pub(super) space: SpaceSpec,
    #[serde(default)]
    pub(super) require: RequireSpec,
    #[serde(default, alias = "strategy")]
    pub(super) sampler: Option<String>,
    #[serde(default)]
    pub(super) options: temper_strategy::Options,
    #[serde(default)]
    pub(super) pruner: Option<String>,
    /// The pruner's options.
    #[serde(default)]
    pub(super) pruner_options: temper_strategy::Options,
    /// The last step of a trial, if it is known.
    #[serde(default)]
    pub(super) max_resource: Option<Step>,
    #[serde(default)]
    pub(super) seed: u64,
    #[serde(default)]
    pub(super) direction: Direction,
    /// In place of `direction`, for several objectives.
    #[serde(default)]
    pub(super) directions: Option<Vec<Direction>>,
    /// Bounds on metrics; goals are called `value0`, `value1` and so on.
    #[serde(default)]
    pub(super) constraints: Vec<Constraint>,
    /// How many trials there will be; a hint.
    #[serde(default)]
    pub(super) n_trials: Option<u64>,
}

/// Asks for a trial.
#[derive(Debug, Deserialize)]
pub(super) struct Ask {
    /// Whether no new trial is wanted, only paused ones that go on.
    #[serde(default)]
    pub(super) closed: bool,
}

/// Ends a trial.
#[derive(Debug, Deserialize)]
pub(super) struct Tell {
    pub(super) id: TrialId,
    #[serde(default)]
    pub(super) value: Option<Number>,
    #[serde(default)]
    pub(super) values: Option<Vec<Number>>,
    /// Metrics beside the values, such as those that constraints bound.
    #[serde(default)]
    pub(super) metrics: Metrics,
    #[serde(default)]
    pub(super) state: TellState,
    /// Why it failed.
    #[serde(default)]
    pub(super) failure: Option<FailureKind>,
}

/// How a trial ended.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum TellState {
    #[default]
    #[serde(alias = "complete")]
    Completed,
    Failed,
    Pruned,
    Paused,
}

/// A value on the way.
#[derive(Debug, Deserialize)]
pub(super) struct Report {
    pub(super) id: TrialId,
    pub(super) step: Step,
    pub(super) value: Number,
}

/// A finished trial made elsewhere.
#[derive(Debug, Deserialize)]
pub(super) struct Observe {
    pub(super) params: Config,
    #[serde(default)]
    pub(super) value: Option<Number>,
    #[serde(default)]
    pub(super) values: Option<Vec<Number>>,
    #[serde(default)]
    pub(super) metrics: Metrics,
}

/// A number, finite or not.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Number(#[serde(deserialize_with = "finite_or_not")] pub(super) f64);

/// The values of a trial, of which one can be given alone.
pub(super) fn values(value: Option<Number>, values: Option<Vec<Number>>) -> Option<Vec<f64>> {
    let values = values.or_else(|| value.map(|value| vec![value]))?;
    Some(values.into_iter().map(|Number(value)| value).collect())
}
