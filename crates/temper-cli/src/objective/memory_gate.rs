//! Refuses trials of the trainer that certainly do not fit into memory, before they start.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use temper_core::{
    Config, Failure, FailureKind, Halt, History, Job, Metrics, Objective, ObjectiveError, Origin,
    Reporter, State, Step, Trial, TrialId,
};

use crate::memory::{Correction, estimate, in_words, memory_of_machine};
use crate::people::counted;
use crate::train_settings::TrainSettings;

/// The metric by which the trainer says how much it has held.
const PEAK: &str = "peak_memory";

/// How many of the last trials correct the estimate: an estimate looks for the trial's data.
const CORRECTING: usize = 100;

/// What one trial may use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowed {
    /// Bytes.
    limit: u64,
    /// How many trials share the machine's memory, where that is the limit.
    shared_by: Option<u16>,
}

impl Allowed {
    /// The limit that is given, or this machine's memory shared by the trials that run at once. What
    /// of it others use at the moment does not count: that changes.
    pub(super) fn new(limit: Option<u64>, workers: u16) -> Option<Self> {
        match limit {
            Some(limit) => Some(Self { limit, shared_by: None }),
            None => {
                let limit = memory_of_machine()? / u64::from(workers);
                Some(Self { limit, shared_by: Some(workers) })
            }
        }
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} are allowed", in_words(self.limit))?;
        match self.shared_by {
            None => Ok(()),
            Some(1) => f.write_str(", this machine's memory"),
            Some(workers) => write!(f, ", a share of this machine's memory for {workers} at once"),
        }
    }
}

/// What a trial may use, and what is known of the estimates.
#[derive(Debug)]
pub(super) struct MemoryGate {
    settings: TrainSettings,
    allowed: Allowed,
    correction: Mutex<Correction>,
}

/// An objective with a gate before it.
pub(super) struct Gated<O> {
    gate: MemoryGate,
    objective: O,
}

impl MemoryGate {
    /// A gate that has learned from the trials so far.
    pub(super) fn new(settings: TrainSettings, allowed: Allowed, history: &History) -> Self {
        let gate = Self { settings, allowed, correction: Mutex::default() };
        let all = history.trials().iter().rev().filter(|trial| is_measured(trial));
        for trial in all.take(CORRECTING) {
            let of_stage = history.settings_of(trial.stage()).cloned().unwrap_or_default();
            let told = trial.metric(PEAK).map_or(0, |peak| peak as u64);
            let measured = trial.peak_memory().unwrap_or_default().max(told);
            gate.learn(gate.estimate(trial.config(), &of_stage), measured);
        }
        gate
    }

    /// The objective behind it.
    pub(super) fn before<O: Objective>(self, objective: O) -> Gated<O> {
        Gated { gate: self, objective }
    }

    /// What a trial needs, in bytes; it saves a checkpoint at its end. `None` where that is not
    /// known, as on other devices than the CPU.
    fn estimate(&self, params: &Config, of_stage: &Config) -> Option<u64> {
        let config = self.settings.with_both(params, of_stage).ok()?;
        Some(estimate(&config)?.peak_with_checkpoints())
    }

    fn learn(&self, estimated: Option<u64>, measured: u64) {
        if let Some(estimated) = estimated {
            self.correction().learn(estimated, measured);
        }
    }

    /// Why a trial with this estimate is not started, if it certainly does not fit.
    fn refusal(&self, estimated: u64) -> Option<Failure> {
        let correction = self.correction();
        if correction.least(estimated) <= self.allowed.limit {
            return None;
        }
        let usual = correction.usual();
        let corrected = match correction.len() as u64 {
            0 => String::new(),
            count => format!(
                " (estimated {}, corrected by {usual:.2} measured in {})",
                in_words(estimated),
                counted(count, "trial")
            ),
        };
        let needed = in_words((estimated as f64 * usual) as u64);
        let message = format!(
            "it would need about {needed} of memory{corrected}, and {}; it was not started",
            self.allowed
        );
        Some(Failure::new(FailureKind::OutOfMemory, message))
    }

    fn correction(&self) -> MutexGuard<'_, Correction> {
        self.correction.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a trial of this study came as far as to need all that it does.
fn is_measured(trial: &Trial) -> bool {
    let has_run = matches!(trial.state(), State::Completed | State::Pruned | State::Paused);
    has_run && !trial.reports().is_empty() && trial.origin() != Origin::Observed
}

impl<O: Objective> Objective for Gated<O> {
    fn run(&self, job: &Job, reporter: &mut dyn Reporter) -> Result<Vec<f64>, ObjectiveError> {
        let estimated = self.gate.estimate(&job.config, &job.settings);
        // One that has trained before is known to fit.
        let is_new = job.reported.is_none();
        if let Some(failure) =
            estimated.filter(|_| is_new).and_then(|estimated| self.gate.refusal(estimated))
        {
            return Err(failure.into());
        }
        let mut measured = Measured { reporter, peak: 0, has_reported: false };
        let result = self.objective.run(job, &mut measured)?;
        if measured.has_reported {
            self.gate.learn(estimated, measured.peak);
        }
        Ok(result)
    }

    fn has_checkpoints(&self) -> bool {
        self.objective.has_checkpoints()
    }

    fn discard(&self, trial: TrialId) -> Result<(), ObjectiveError> {
        self.objective.discard(trial)
    }
}

/// A reporter that notes the peak: what the trainer says of itself misses no moment.
struct Measured<'a> {
    reporter: &'a mut dyn Reporter,
    /// In bytes.
    peak: u64,
    has_reported: bool,
}

impl Reporter for Measured<'_> {
    fn report(&mut self, step: Step, values: &[f64], metrics: &Metrics) -> ControlFlow<Halt> {
        self.has_reported = true;
        if let Some(peak) = metrics.get(PEAK) {
            self.memory(*peak as u64);
        }
        self.reporter.report(step, values, metrics)
    }

    fn poll(&mut self) -> ControlFlow<Halt> {
        self.reporter.poll()
    }

    fn forked(&mut self) -> ControlFlow<Halt> {
        self.reporter.forked()
    }

    fn memory(&mut self, bytes: u64) {
        self.peak = self.peak.max(bytes);
        self.reporter.memory(bytes);
    }
}
