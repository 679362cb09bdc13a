//! What is tuned.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;

use crate::{Config, Failure, Fork, Step, TrialId};

/// Further numbers reported beside the goals, by name; finite.
pub type Metrics = BTreeMap<String, f64>;

/// Stands before the name of a goal for what one item alone scored, where the steps of a trial are the
/// items of an evaluation and the goal is the mean over those so far: `item_accuracy`.
pub const ITEM: &str = "item_";

/// Stands after the name of a goal for the standard deviation that its value would have if the trial
/// ran again, where that is known: `accuracy_noise`.
pub const NOISE: &str = "_noise";

/// One attempt at a trial, as handed to an objective.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// The trial.
    pub trial: TrialId,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// The last step that an earlier attempt reported, if any.
    pub reported: Option<Step>,
    /// What to try.
    pub config: Config,
    /// The trial's own seed, the same for each of its attempts.
    pub seed: u64,
    /// Whether it runs a configuration again, to see what another seed makes of it.
    pub is_repeat: bool,
    /// The step at which the trial will be paused, if any.
    pub until: Option<Step>,
    /// The trial whose checkpoint to start from, if any. It stays paused until [`Reporter::forked`]
    /// or the first report.
    pub fork: Option<Fork>,
    /// The step that the trial begins after; 0 unless it is a fork.
    pub begins_after: Step,
    /// The objective's settings in the trial's stage, in place of its usual ones.
    pub settings: Config,
}

/// Why an objective is asked to end early. Whatever it returns then is not looked at, but that it
/// failed to save what a [pause](Halt::Pause) asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// Others are better: give up.
    Stop,
    /// Save what is needed to go on later.
    Pause,
    /// The study is being interrupted, or the trial was taken over.
    Interrupt,
}

/// Where an objective reports to.
pub trait Reporter {
    /// Reports one value per goal, in the user's direction, at a step (counted from 1, growing).
    /// On `Break` the objective should end soon.
    fn report(&mut self, step: Step, values: &[f64], metrics: &Metrics) -> ControlFlow<Halt>;

    /// Asks whether to go on, without reporting: for objectives that wait.
    fn poll(&mut self) -> ControlFlow<Halt>;

    /// Says that a fork has all that it needs of the other trial, which may go on then.
    fn forked(&mut self) -> ControlFlow<Halt>;

    /// Notes the memory in use, in bytes; the highest is recorded.
    fn memory(&mut self, bytes: u64);
}

/// Why an attempt has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectiveError {
    /// The attempt failed: this is recorded, and a strategy may learn from it.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// Nothing can be tried here at all, whatever the configuration: a full disk, a missing
    /// program. It ends the run, and the trial is tried again when the study is resumed.
    #[error("{0}")]
    Unable(String),
}

/// Something that can be tried with a configuration.
pub trait Objective: Sync {
    /// Runs one attempt and returns one value per goal in the user's direction, or an empty list
    /// if the last report counts.
    ///
    /// # Errors
    ///
    /// Why there is no result.
    fn run(&self, job: &Job, reporter: &mut dyn Reporter) -> Result<Vec<f64>, ObjectiveError>;

    /// Whether trials leave checkpoints that it may [discard](Objective::discard).
    fn has_checkpoints(&self) -> bool {
        false
    }

    /// Removes what a trial has saved of itself: nothing will go on from it, and it is not among
    /// the best. It may be asked again of the same trial.
    ///
    /// # Errors
    ///
    /// What could not be removed.
    fn discard(&self, _trial: TrialId) -> Result<(), ObjectiveError> {
        Ok(())
    }
}

/// An objective made of a closure of one goal.
///
/// ```
/// use temper_core::{Config, Failure, FnObjective, Reporter};
///
/// let objective = FnObjective(|config: &Config, _: &mut dyn Reporter| {
///     let x = config.get("x").and_then(|value| value.as_f64()).unwrap_or(0.0);
///     Ok::<f64, Failure>((x - 2.0).powi(2))
/// });
/// # let _: &dyn temper_core::Objective = &objective;
/// ```
pub struct FnObjective<F>(pub F);

impl<F> Objective for FnObjective<F>
where
    F: Fn(&Config, &mut dyn Reporter) -> Result<f64, Failure> + Sync,
{
    fn run(&self, job: &Job, reporter: &mut dyn Reporter) -> Result<Vec<f64>, ObjectiveError> {
        Ok(vec![(self.0)(&job.config, reporter)?])
    }
}

impl<F> fmt::Debug for FnObjective<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FnObjective")
    }
}
