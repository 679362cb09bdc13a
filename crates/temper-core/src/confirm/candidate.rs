//! A configuration under comparison, and its runs.

use crate::{Config, Failure, Loss, Sample, State, Trial, TrialId};

/// A configuration that may be the best.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The trial by which it was chosen, or in which the default configuration ran; `None` if that
    /// was not tried.
    pub trial: Option<TrialId>,
    /// What is run.
    pub config: Config,
    /// Whether it is the space's default configuration.
    pub is_default: bool,
    /// One for each seed.
    pub runs: Vec<Run>,
    /// Whether it keeps the constraints in the mean.
    pub is_feasible: bool,
    /// Why it is out of the race, if it is.
    pub out: Option<Out>,
}

/// What became of a candidate under one seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// It has not begun.
    Due,
    /// It runs, or waits to be tried again.
    Open(TrialId),
    /// It failed because of its configuration, as far as one can tell.
    Failed(TrialId),
    /// It has no result, which is nobody's fault: it was interrupted for good, or the disk was full.
    Lost(TrialId),
    /// It ended with this primary loss.
    Completed(TrialId, Loss),
}

/// Why a candidate left the race.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Out {
    /// It is worse than the leader.
    Worse {
        /// After how many seeds.
        seeds: usize,
        /// How likely it really is.
        chance: f64,
    },
    /// It has no more results than failures.
    Failed {
        /// After how many seeds.
        seeds: usize,
        /// How many runs failed.
        failed: usize,
    },
}

impl Candidate {
    /// The losses of its completed runs, in the order of the seeds.
    #[must_use]
    pub fn losses(&self) -> Vec<f64> {
        (0..self.runs.len()).filter_map(|seed| self.loss(seed)).collect()
    }

    /// Its losses above those of another one, over the seeds under which both have a result.
    #[must_use]
    pub fn above(&self, other: &Self) -> Option<Sample> {
        self.above_until(other, self.runs.len())
    }

    pub(super) fn above_until(&self, other: &Self, seeds: usize) -> Option<Sample> {
        let differences: Vec<f64> =
            (0..seeds).filter_map(|seed| Some(self.loss(seed)? - other.loss(seed)?)).collect();
        Sample::of(&differences)
    }

    fn loss(&self, seed: usize) -> Option<f64> {
        match self.runs.get(seed)? {
            Run::Completed(_, loss) => Some(loss.get()),
            Run::Due | Run::Open(_) | Run::Failed(_) | Run::Lost(_) => None,
        }
    }

    /// How many of its first runs have a result.
    pub(super) fn completed(&self, seeds: usize) -> usize {
        (0..seeds).filter(|seed| self.loss(*seed).is_some()).count()
    }

    /// How many of its first runs failed.
    pub(super) fn failed(&self, seeds: usize) -> usize {
        self.runs[..seeds].iter().filter(|run| matches!(run, Run::Failed(_))).count()
    }

    pub(super) fn is_over(&self, seeds: usize) -> bool {
        self.runs[..seeds].iter().all(|run| !matches!(run, Run::Due | Run::Open(_)))
    }
}

/// What became of the trial that was to be a run.
pub(super) fn run(trial: Option<&Trial>) -> Run {
    match trial {
        None => Run::Due,
        Some(trial) if !trial.state().is_final() => Run::Open(trial.id()),
        Some(trial) => match trial.loss().filter(|_| trial.state() == State::Completed) {
            Some(loss) => Run::Completed(trial.id(), loss),
            None if trial.failure().is_some_and(Failure::teaches) => Run::Failed(trial.id()),
            None => Run::Lost(trial.id()),
        },
    }
}
