//! Learning-rate schedules: pure functions of the optimizer step.
//!
//! A kind of schedule is one file with an `ENTRY`, and one line in the list of `kind.rs`.

use std::collections::BTreeMap;

mod constant;
mod cosine;
mod cosine_with_restarts;
mod entry;
mod exponential;
mod inverse_sqrt;
mod kind;
mod linear;
mod one_cycle;
mod polynomial;
mod step;
mod warmup_stable_decay;

pub use entry::{Entry, Setting};
pub use kind::{ScheduleKind, UnknownSchedule};
pub use warmup_stable_decay::CooldownType;

/// A learning-rate schedule: warmup to the peak, then the kind's course.
///
/// Steps count from 0. The share of the peak during warmup is (step + 1) / `warmup_steps`, so that
/// the first step already learns and step `warmup_steps` - 1 is at the peak. The last step,
/// `total_steps` - 1, is at the kind's end. PyTorch and transformers count the step that is next:
/// with warmup their step is ours plus 1, and without it their number of steps is ours less 1.
///
/// ```
/// use temper_optim::{Schedule, ScheduleKind};
///
/// let schedule = Schedule {
///     kind: "cosine".parse()?,
///     peak: 1e-3,
///     min: 1e-4,
///     warmup_steps: 10,
///     total_steps: 100,
///     settings: Default::default(),
/// };
/// assert_eq!(schedule.learning_rate(9), 1e-3);
/// assert_eq!(schedule.learning_rate(99), 1e-4);
/// # Ok::<(), temper_optim::UnknownSchedule>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// What the learning rate does after warmup.
    pub kind: ScheduleKind,
    /// The highest learning rate.
    pub peak: f64,
    /// The lowest learning rate after warmup, at most the peak.
    pub min: f64,
    /// Optimizer steps of warmup; 0 and 1 both start at the peak.
    pub warmup_steps: u64,
    /// Optimizer steps of the whole run.
    pub total_steps: u64,
    /// The kind's own settings by their keys, each within its bounds ([`Setting::is_good`]);
    /// defaults for those that are missing.
    pub settings: BTreeMap<&'static str, f64>,
}

/// Where a step is between the peak and the end of the run.
#[derive(Clone, Copy, Debug)]
struct Course {
    /// Steps since the peak, at least 1; more than `steps` after the end of the run.
    step: u64,
    /// Steps from the peak to the last step, at least 1.
    steps: u64,
}

impl Schedule {
    /// The learning rate of `step`, counted from 0.
    pub fn learning_rate(&self, step: u64) -> f64 {
        let peak_step = self.warmup_steps.max(1) - 1;
        if step < peak_step {
            return (self.kind.entry().warmup.rise)(self, step);
        }
        if step == peak_step {
            return self.peak;
        }
        let last_step = self.total_steps.max(1) - 1;
        let steps = last_step.saturating_sub(peak_step).max(1);
        (self.kind.entry().fall)(self, Course { step: step - peak_step, steps })
    }

    fn setting(&self, key: &str) -> Option<f64> {
        self.settings.get(key).copied()
    }
}

impl Course {
    /// The share of the way from the peak to the last step, in [0, 1].
    fn progress(self) -> f64 {
        (self.step as f64 / self.steps as f64).min(1.0)
    }
}

#[cfg(test)]
mod tests;
