//! A trial: one configuration and what became of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Config, Failure, Fork, Loss, Metrics, Origin, Seq, Verdict};

/// The number of a trial, counted from 0 in the order in which trials were started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TrialId(pub u64);

impl fmt::Display for TrialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A step of a trial, counted from 1, in the objective's own unit (optimizer steps, epochs, items).
pub type Step = u64;

/// A fencing token: the position in the log at which an attempt began. An attempt whose lease is
/// not the trial's last one has been taken over, and can write nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lease(pub Seq);

/// The name of a runner process, unique to its run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkerId(String);

impl WorkerId {
    /// A worker of that name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a trial stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It was interrupted and will be tried again.
    Waiting,
    /// A worker holds it.
    Running,
    /// It stopped at a rung with what it had, and may be resumed.
    Paused,
    /// It ended with a loss.
    Completed,
    /// It was stopped because others were better.
    Pruned,
    /// It failed for good.
    Failed,
}

impl State {
    /// Whether nothing more will happen to the trial.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Pruned | Self::Failed)
    }

    /// Whether it runs, or will be tried again.
    #[must_use]
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Running | Self::Waiting)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Pruned => "pruned",
            Self::Failed => "failed",
        })
    }
}

/// One report of a running trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The step reported for.
    pub step: Step,
    /// One loss per goal of the study.
    pub losses: Vec<Loss>,
    /// Whatever else was reported with it.
    pub metrics: Metrics,
}

/// What was decided about a trial on its way, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The step of the report that it is about: of the last one where the trial goes on.
    pub step: Step,
    /// What becomes of it.
    pub verdict: Verdict,
    /// Why, for a person.
    pub reason: String,
}

/// One run of a trial by one worker.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// Its fencing token.
    pub lease: Lease,
    /// Who holds it.
    pub worker: WorkerId,
    /// Why it ends before its program would, if it was told to.
    pub verdict: Option<Verdict>,
}

/// A trial as the log tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    pub(crate) id: TrialId,
    pub(crate) config: Config,
    pub(crate) origin: Origin,
    /// How many trials before it are no repeats.
    pub(crate) ordinal: u64,
    pub(crate) repeats: Vec<TrialId>,
    pub(crate) state: State,
    pub(crate) until: Option<Step>,
    pub(crate) fork: Option<Fork>,
    pub(crate) begins_after: Step,
    pub(crate) note: Option<String>,
    pub(crate) stage: Option<u32>,
    pub(crate) attempts: Vec<Attempt>,
    /// Where in the log its last attempt ended.
    pub(crate) ended: Seq,
    pub(crate) reports: Vec<Report>,
    pub(crate) losses: Vec<Loss>,
    pub(crate) metrics: Metrics,
    pub(crate) failures: Vec<Failure>,
    pub(crate) remarks: Vec<Remark>,
    pub(crate) seconds: f64,
    pub(crate) peak_memory: Option<u64>,
}

impl Trial {
    /// Its number.
    #[must_use]
    pub fn id(&self) -> TrialId {
        self.id
    }

    /// What was tried.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Who proposed it.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// The trials that ran its configuration again while the search went on.
    #[must_use]
    pub fn repeats(&self) -> &[TrialId] {
        &self.repeats
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// The step at which it is to pause, if any.
    #[must_use]
    pub fn until(&self) -> Option<Step> {
        self.until
    }

    /// The trial whose checkpoint it started from, if any.
    #[must_use]
    pub fn fork(&self) -> Option<Fork> {
        self.fork
    }

    /// The step that it began after: of a fork the last one that the other trial had reported then.
    #[must_use]
    pub fn begins_after(&self) -> Step {
        self.begins_after
    }

    /// Whether it has all that it begins with: from then on a fork does not need the other trial.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        let is_known = !self.reports.is_empty() || !self.remarks.is_empty();
        self.fork.is_none() || !self.state.is_under_way() || is_known
    }

    /// What its strategy says about it, in one line for people.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// The stage that it belongs to, an index of the setup's, if there are stages.
    #[must_use]
    pub fn stage(&self) -> Option<u32> {
        self.stage
    }

    /// Its attempts, the last one being the one that counts.
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// Its reports in the order of their steps. A report for a step that was reported before
    /// replaces it and what came after, as when a trial restarts from a checkpoint.
    #[must_use]
    pub fn reports(&self) -> &[Report] {
        &self.reports
    }

    /// The last step that it has reported, or without a report where it began.
    #[must_use]
    pub fn last_step(&self) -> Step {
        self.reports.last().map_or(self.begins_after, |report| report.step)
    }

    /// The primary loss: of a completed trial its result, otherwise the last one reported.
    #[must_use]
    pub fn loss(&self) -> Option<Loss> {
        self.losses().first().copied()
    }

    /// One loss per goal: of a completed trial its result, otherwise the last ones reported.
    #[must_use]
    pub fn losses(&self) -> &[Loss] {
        if self.losses.is_empty() {
            self.reports.last().map_or(&[], |report| &report.losses)
        } else {
            &self.losses
        }
    }

    /// The last value that it reported beside its goals under this name; finite.
    #[must_use]
    pub fn metric(&self, name: &str) -> Option<f64> {
        let reported = || self.reports.iter().rev().find_map(|report| report.metrics.get(name));
        self.metrics.get(name).or_else(reported).copied()
    }

    /// What came with its result and is in no report.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Why it failed, if it did.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        if self.state == State::Failed { self.failures.last() } else { None }
    }

    /// The failures of all its attempts, also of those that were tried again.
    #[must_use]
    pub fn failures(&self) -> &[Failure] {
        &self.failures
    }

    /// Why it was stopped, paused or promoted, last, in the pruner's words.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.remarks.last().map(|remark| remark.reason.as_str())
    }

    /// What was decided about it, in order: each pause, each promotion, and its early end.
    #[must_use]
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }

    /// Seconds that its attempts took in total.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.seconds
    }

    /// The most memory that an attempt was seen to use, in bytes.
    #[must_use]
    pub fn peak_memory(&self) -> Option<u64> {
        self.peak_memory
    }
}
