//! Asynchronous successive halving: of the trials that come to a rung, the best third goes on.
//!
//! The pruner for trials of which most are hopeless early. It compares at steps that grow
//! geometrically, and any number of workers is never kept waiting. With `mode = "promote"` trials
//! pause at each rung with a checkpoint, and who turns out to be among the best goes on from there:
//! no early comparison is final, and nothing is trained twice.
//!
//! Source: Li et al., "A System for Massively Parallel Hyperparameter Tuning", `MLSys` 2020.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};
use temper_core::{History, Intake, Judgement, Promotion, Pruner, Setup, Step, TrialId, Value};

use super::halving::{Halving, Mode};
use crate::registry::{Entry, RegistryError, read_options};

const NAME: &str = "asha";

pub(crate) const ENTRY: Entry<dyn Pruner> = Entry {
    name: NAME,
    summary: "successive halving: the best third of each rung goes on, the others stop or pause",
    build: |options| {
        let options: AshaOptions = read_options(NAME, options)?;
        options.check(NAME)?;
        Ok(Box::new(Asha(options)))
    },
};

/// Where `asha` compares, and what it does then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AshaOptions {
    /// The first step at which trials are compared. Default: three rungs below the last step, where
    /// that is known, otherwise 1.
    pub min_steps: Option<Step>,
    /// Of how many trials one goes on, and how much further; at least 2. Default: 3.
    pub eta: NonZeroU32,
    /// The last step of a trial. Default: what the study knows.
    pub max_steps: Option<Step>,
    /// Whether others are stopped or paused. Default: `stop`.
    pub mode: Mode,
}

impl Default for AshaOptions {
    fn default() -> Self {
        let eta = const { NonZeroU32::new(3).expect("3 is not 0") };
        Self { min_steps: None, eta, max_steps: None, mode: Mode::Stop }
    }
}

impl AshaOptions {
    /// Refuses what makes no rungs.
    pub(super) fn check(&self, owner: &'static str) -> Result<(), RegistryError> {
        let bad = |message| Err(RegistryError::BadOptions { owner, message });
        match *self {
            Self { eta, .. } if eta.get() < 2 => {
                bad("`eta` is 1: it must be at least 2".to_owned())
            }
            Self { min_steps: Some(0), .. } => {
                bad("`min_steps` is 0: steps are counted from 1".to_owned())
            }
            Self { min_steps: Some(min), max_steps: Some(max), .. } if min >= max => {
                bad(format!("`min_steps` {min} is not below `max_steps` {max}"))
            }
            _ => Ok(()),
        }
    }

    /// Refuses a first rung that no trial of the study comes to.
    pub(super) fn suits(&self, setup: &Setup) -> Result<(), String> {
        let (Some(min), None, Some(max)) = (self.min_steps, self.max_steps, setup.max_steps) else {
            return Ok(());
        };
        let of_stages = setup.stages.iter().filter_map(|it| it.settings.get("max_steps"));
        let of_stages = of_stages.filter_map(Value::as_i64).filter_map(|it| it.try_into().ok());
        let max = of_stages.fold(max, Step::max);
        if min < max {
            return Ok(());
        }
        Err(format!("`min_steps` {min} is not below the study's `max_steps` {max}"))
    }

    pub(super) fn halving(&self, history: &History) -> Halving {
        Halving::new(self.min_steps, self.eta, self.last_step(history))
    }

    /// The last step of a trial, if it is known.
    pub(super) fn last_step(&self, history: &History) -> Option<Step> {
        self.max_steps.or_else(|| history.setup().and_then(|setup| setup.max_steps))
    }
}

/// The pruner of asynchronous successive halving.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asha(pub AshaOptions);

impl Pruner for Asha {
    fn judge(&self, trial: TrialId, step: Step, history: &History) -> Judgement {
        match self.0.mode {
            Mode::Stop => self.0.halving(history).judge(trial, step, history, &|_| true),
            Mode::Promote => Judgement::go_on(),
        }
    }

    fn suits(&self, setup: &Setup) -> Result<(), String> {
        self.0.suits(setup)
    }

    fn until(&self, _: TrialId, history: &History) -> Option<Step> {
        match self.0.mode {
            Mode::Stop => None,
            Mode::Promote => self.0.halving(history).rungs.first().copied(),
        }
    }

    fn promote(&self, history: &History, intake: Intake) -> Option<Promotion> {
        match self.0.mode {
            Mode::Stop => None,
            Mode::Promote => self.0.halving(history).promote(history, intake, &|_| true),
        }
    }
}
