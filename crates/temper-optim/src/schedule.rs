//! Learning-rate schedules: pure functions of the optimizer step.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

/// What the learning rate does after warmup.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "lowercase")]
pub enum ScheduleKind {
    /// Falls along half a cosine to the minimum at the last step.
    #[default]
    Cosine,
    /// Stays at the peak.
    Constant,
}

/// A learning-rate schedule: linear warmup to the peak, then the kind's course.
///
/// Steps count from 0. The share of the peak during warmup is (step + 1) / `warmup_steps`, so that
/// the first step already learns and step `warmup_steps` - 1 is at the peak.
///
/// ```
/// use temper_optim::{Schedule, ScheduleKind};
///
/// let schedule = Schedule {
///     kind: ScheduleKind::Cosine,
///     peak: 1e-3,
///     min: 1e-4,
///     warmup_steps: 10,
///     total_steps: 100,
/// };
/// assert_eq!(schedule.learning_rate(9), 1e-3);
/// assert_eq!(schedule.learning_rate(99), 1e-4);
/// ```
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// What the learning rate does after warmup.
    pub kind: ScheduleKind,
    /// The highest learning rate.
    pub peak: f64,
    /// The learning rate of a cosine at the last step and after it.
    pub min: f64,
    /// Optimizer steps of warmup; 0 and 1 both start at the peak.
    pub warmup_steps: u64,
    /// Optimizer steps of the whole run.
    pub total_steps: u64,
}

impl Schedule {
    /// The learning rate of `step`, counted from 0.
    pub fn learning_rate(&self, step: u64) -> f64 {
        if step + 1 < self.warmup_steps {
            return self.peak * (step + 1) as f64 / self.warmup_steps as f64;
        }
        match self.kind {
            ScheduleKind::Constant => self.peak,
            ScheduleKind::Cosine => self.cosine(step),
        }
    }

    /// Loshchilov & Hutter 2017 (SGDR), eq. 5, with a single period: from the peak at the last
    /// step of warmup to the minimum at the last step of all.
    fn cosine(&self, step: u64) -> f64 {
        let peak_step = self.warmup_steps.max(1) - 1;
        let last_step = self.total_steps.max(1) - 1;
        if step <= peak_step {
            return self.peak;
        }
        if step >= last_step {
            return self.min;
        }
        let progress = (step - peak_step) as f64 / (last_step - peak_step) as f64;
        self.min + 0.5 * (self.peak - self.min) * (1.0 + (PI * progress).cos())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(kind: ScheduleKind, warmup_steps: u64) -> Schedule {
        Schedule { kind, peak: 2.0, min: 0.5, warmup_steps, total_steps: 13 }
    }

    #[test]
    fn warmup_rises_linearly_from_the_first_step_to_the_peak() {
        let rates: Vec<f64> =
            (0..5).map(|step| schedule(ScheduleKind::Constant, 4).learning_rate(step)).collect();
        assert_eq!(rates, [0.5, 1.0, 1.5, 2.0, 2.0]);
    }

    #[test]
    fn a_cosine_is_half_way_in_the_middle_and_at_the_minimum_at_the_last_step() {
        let cosine = schedule(ScheduleKind::Cosine, 5);
        assert_eq!(cosine.learning_rate(4), 2.0);
        assert!((cosine.learning_rate(8) - 1.25).abs() < 1e-12);
        // A quarter of the way: 0.5 + 0.75 (1 + cos 45 degrees).
        assert!((cosine.learning_rate(6) - 1.780_330_085_889_910_6).abs() < 1e-12);
        assert_eq!(cosine.learning_rate(12), 0.5);
        assert_eq!(cosine.learning_rate(1_000), 0.5);
    }

    #[test]
    fn without_warmup_the_first_step_is_at_the_peak() {
        assert_eq!(schedule(ScheduleKind::Cosine, 0).learning_rate(0), 2.0);
        assert_eq!(
            schedule(ScheduleKind::Cosine, 0).learning_rate(7),
            schedule(ScheduleKind::Cosine, 1).learning_rate(7)
        );
    }

    #[test]
    fn a_run_of_a_single_step_is_at_the_peak() {
        let cosine = Schedule { total_steps: 1, ..schedule(ScheduleKind::Cosine, 0) };
        assert_eq!(cosine.learning_rate(0), 2.0);
    }

    #[test]
    fn warmup_longer_than_the_run_never_reaches_the_peak() {
        let cosine = Schedule { total_steps: 4, ..schedule(ScheduleKind::Cosine, 8) };
        assert_eq!(cosine.learning_rate(3), 1.0);
    }
}
