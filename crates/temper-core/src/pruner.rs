//! What ends trials early.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{History, Step, TrialId};

/// What becomes of a running trial. Never an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Go on.
    Continue,
    /// Save and give the place to another; may be resumed.
    Pause,
    /// Give up.
    Stop,
}

/// A verdict and the reason for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What becomes of the trial.
    pub verdict: Verdict,
    /// Why, for a person: "loss 2.91 at step 200 is above the median 2.60 of 12 trials".
    pub reason: String,
}

impl Judgement {
    /// Go on, for no reason that need be recorded.
    #[must_use]
    pub fn go_on() -> Self {
        Self { verdict: Verdict::Continue, reason: String::new() }
    }
}

/// Judges running trials by their reports.
pub trait Pruner: fmt::Debug + Send + Sync {
    /// Judges a trial just after its report for `step` became part of the history. Depends on
    /// nothing but its arguments.
    fn judge(&self, trial: TrialId, step: Step, history: &History) -> Judgement;
}
