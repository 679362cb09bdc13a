//! What ends trials early, or lets them wait.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{History, Setup, Step, Trial, TrialId};

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
    /// End: nothing better is to come, and the best report is the result.
    Complete,
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

    /// Give up.
    pub fn stop(reason: impl Into<String>) -> Self {
        Self { verdict: Verdict::Stop, reason: reason.into() }
    }
}

/// What becomes of a trial just after its report for `step` became part of the history: by the
/// study's early stopping, by the pruner, or because it came to where it pauses. Repeats of a
/// configuration are not pruned and don't pause.
#[must_use]
pub fn judge(
    pruner: Option<&dyn Pruner>,
    trial: TrialId,
    step: Step,
    history: &History,
) -> Judgement {
    let early_stopping = history.setup().and_then(|setup| setup.early_stopping.as_ref());
    let early = early_stopping.map(|it| it.judge(trial, history));
    if let Some(judgement) = early.filter(|it| it.verdict != Verdict::Continue) {
        return judgement;
    }
    // A repeat is to say how its configuration ends.
    if history.trial(trial).is_some_and(|it| it.origin().is_repeat()) {
        return Judgement::go_on();
    }
    let stage = history.trial(trial).and_then(Trial::stage);
    let comparable = history.of_fidelity(history.fidelity_of(stage));
    let last_step = comparable.setup().and_then(|setup| setup.max_steps).unwrap_or(Step::MAX);
    let judgement = pruner.map_or_else(Judgement::go_on, |it| it.judge(trial, step, &comparable));
    match history.trial(trial).and_then(Trial::until) {
        // At its end there is nothing to go on with.
        Some(until)
            if judgement.verdict == Verdict::Continue && step >= until && step < last_step =>
        {
            Judgement { verdict: Verdict::Pause, reason: format!("it reached step {until}") }
        }
        _ => judgement,
    }
}

/// Whether new trials may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intake {
    /// More may come.
    Open,
    /// No more will come: who waits for others to compare with waits in vain.
    Closed,
}

/// A paused trial that goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promotion {
    /// Which one.
    pub trial: TrialId,
    /// The step at which it pauses again; `None` runs it to its end.
    pub until: Option<Step>,
    /// Why, for a person: "loss 2.31 is the best of 3 at step 40".
    pub reason: String,
}

/// Judges running trials by their reports, and paused ones by each other.
///
/// A pruner that *stops* trials answers [`Pruner::judge`] alone. One that lets them *pause*, and go
/// on where they were if they turn out to be among the best, says in [`Pruner::until`] how far a
/// new trial runs at first, and in [`Pruner::promote`] which paused one goes on. Each answer
/// depends on nothing but its arguments.
pub trait Pruner: fmt::Debug + Send + Sync {
    /// Judges a trial just after its report for `step` became part of the history.
    fn judge(&self, trial: TrialId, step: Step, history: &History) -> Judgement;

    /// Whether it can judge the trials of a study.
    ///
    /// # Errors
    ///
    /// What it lacks.
    fn suits(&self, _setup: &Setup) -> Result<(), String> {
        Ok(())
    }

    /// The step at which a new trial pauses, with its first report at or after it; `None` runs it
    /// to its end.
    fn until(&self, _trial: TrialId, _history: &History) -> Option<Step> {
        None
    }

    /// The paused trial that goes on next, if one does. Asked before a new trial begins, and again
    /// once none can: who keeps everybody waiting then has no winner.
    fn promote(&self, _history: &History, _intake: Intake) -> Option<Promotion> {
        None
    }
}
