//! The records of the log.

use serde::{Deserialize, Serialize};
use temper_space::{RequireSpec, SpaceSpec};

use crate::{
    BudgetSetup, Config, Confirm, Constraint, EarlyStopping, Failure, Fork, Goal, Lease, Loss,
    Metrics, Seq, StageSetup, Step, TrialId, Verdict, WorkerId,
};

/// What a study was when it was opened; recorded again whenever something of it changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// The study's name.
    pub name: String,
    /// What is searched.
    pub space: SpaceSpec,
    /// Which configurations are allowed.
    #[serde(default)]
    pub require: RequireSpec,
    /// What is wanted, the primary goal first; never empty.
    pub goals: Vec<Goal>,
    /// What a trial has to keep besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<Constraint>,
    /// The seed of every draw.
    pub seed: u64,
    /// What proposes trials.
    pub strategy: StrategySetup,
    /// What stops trials early, if anything does.
    #[serde(default)]
    pub pruner: Option<StrategySetup>,
    /// When a trial that no longer improves is complete, if that is looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_stopping: Option<EarlyStopping>,
    /// The last step of a trial that runs to its end, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_steps: Option<Step>,
    /// The stages of the search, in their order; none if it has but one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<StageSetup>,
    /// What proposals know of the budget.
    #[serde(default, skip_serializing_if = "BudgetSetup::is_empty")]
    pub budget: BudgetSetup,
    /// The total number of trials that strategies may plan for, if it was known; trials that were
    /// observed elsewhere, and those that go on from the checkpoint of another, are not counted.
    #[serde(default)]
    pub trials: Option<u64>,
    /// How many runs each configuration that completes gets, if it is more than one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<u32>,
    /// How the best are compared once the search is over, if they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<Confirm>,
}

/// The name of a strategy or pruner and its options as JSON text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StrategySetup {
    /// Its name in the registry.
    pub name: String,
    /// Its options, as the text of a JSON object.
    pub options: String,
}

/// Who proposed a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// It is the space's default configuration.
    Default,
    /// The strategy asked for it.
    Strategy,
    /// It was observed elsewhere.
    Observed,
    /// The configuration of a trial runs again, as `repeat` wants it.
    Repeat {
        /// That trial.
        of: TrialId,
        /// The seed of this run.
        seed: u32,
    },
    /// The search is over, and the configuration is compared with the other best ones.
    Confirmation {
        /// The trial by which it was chosen; `None` for the default configuration, if the search
        /// did not try it.
        of: Option<TrialId>,
        /// The seed of this run, the same for all that are compared.
        seed: u32,
    },
}

impl Origin {
    /// Whether the study's number of trials limits such trials.
    #[must_use]
    pub fn counts(self) -> bool {
        matches!(self, Self::Default | Self::Strategy)
    }

    /// Whether it runs a configuration again, to know its loss better.
    #[must_use]
    pub fn is_repeat(self) -> bool {
        self.seed().is_some()
    }

    /// The trial whose configuration runs again.
    #[must_use]
    pub fn of(self) -> Option<TrialId> {
        match self {
            Self::Repeat { of, .. } => Some(of),
            Self::Confirmation { of, .. } => of,
            Self::Default | Self::Strategy | Self::Observed => None,
        }
    }

    /// The seed of a run that repeats a configuration.
    #[must_use]
    pub fn seed(self) -> Option<u32> {
        match self {
            Self::Repeat { seed, .. } | Self::Confirmation { seed, .. } => Some(seed),
            Self::Default | Self::Strategy | Self::Observed => None,
        }
    }
}

/// One record of the log. The log is append-only and is the truth about a study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "a box around the rare opening would be in every match"
)]
pub enum Event {
    /// The study was set up, or its setup changed.
    Opened(Setup),
    /// A new trial began. Its lease is this event's position.
    Started {
        /// Its number: that of the trial before it plus one.
        trial: TrialId,
        /// What is tried, derived values included.
        config: Config,
        /// Who proposed it.
        origin: Origin,
        /// How many events the strategy had seen when it proposed this.
        seen: Seq,
        /// Who runs it.
        worker: WorkerId,
        /// Where it is to pause.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Step>,
        /// The trial whose checkpoint it starts from, if it is not its first step.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fork: Option<Fork>,
        /// What the strategy says about it, in one line for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
        /// The stage that it belongs to, an index of the setup's, if there are stages.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stage: Option<u32>,
    },
    /// A waiting or paused trial began again. Its new lease is this event's position.
    Continued {
        /// Which one.
        trial: TrialId,
        /// Whether the strategy or the pruner asked for it, or a paused trial is given up (otherwise it
        /// is a retry), and then what they had seen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seen: Option<Seq>,
        /// Who runs it.
        worker: WorkerId,
        /// Where it is to pause.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Step>,
        /// Why it goes on, in one line for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// A running trial reported.
    Reported {
        /// Which one.
        trial: TrialId,
        /// The lease of the attempt that reports.
        lease: Lease,
        /// The step reported for.
        step: Step,
        /// One loss per goal.
        losses: Vec<Loss>,
        /// Whatever else was reported with it.
        #[serde(default, skip_serializing_if = "Metrics::is_empty")]
        metrics: Metrics,
    },
    /// A running trial was told not to go on, or has begun with the checkpoint of another one.
    Judged {
        /// Which one.
        trial: TrialId,
        /// The lease of the attempt that is judged.
        lease: Lease,
        /// The step of the report that it is judged by; of a fork the one that it begins after.
        step: Step,
        /// What was decided; to continue of a fork alone, once it has its checkpoint.
        verdict: Verdict,
        /// Why.
        reason: String,
    },
    /// An attempt ended.
    Finished {
        /// Whose.
        trial: TrialId,
        /// The lease of the attempt that ended.
        lease: Lease,
        /// How.
        outcome: Outcome,
        /// How long the attempt took.
        seconds: f64,
        /// The most memory it was seen to use, in bytes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        peak_memory: Option<u64>,
    },
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Outcome {
    /// With a result: one loss per goal.
    Completed {
        /// The result.
        losses: Vec<Loss>,
        /// What else came with it and is in no report.
        #[serde(default, skip_serializing_if = "Metrics::is_empty")]
        metrics: Metrics,
    },
    /// Stopped by a pruner.
    Pruned,
    /// Paused; it may be resumed.
    Paused,
    /// Without a result.
    Failed {
        /// Why.
        failure: Failure,
        /// Whether the trial will be tried again.
        retry: bool,
    },
}

impl Outcome {
    /// With a result whose further metrics, if any, are in the reports.
    #[must_use]
    pub fn completed(losses: Vec<Loss>) -> Self {
        Self::Completed { losses, metrics: Metrics::new() }
    }
}
