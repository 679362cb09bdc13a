//! The same factor at every step, down to the minimum.
//!
//! PyTorch's `ExponentialLR` with `gamma` = `lr_decay_rate` where `lr_decay_steps` = 1; optax's
//! `exponential_decay` with `transition_steps` = `lr_decay_steps` and `end_value` = min.

use super::entry::{Entry, LINEAR_WARMUP, Setting, TENTH};
use super::{Course, Schedule};

pub(super) const ENTRY: Entry = Entry {
    name: "exponential",
    summary: "falls by the same factor at every step, to the minimum and no further",
    formula: "max(min, peak lr_decay_rate^(t / lr_decay_steps))",
    source: "Senior et al. 2013, exponential scheduling; floor and period as in optax",
    settings: &[
        Setting {
            key: "lr_decay_rate",
            summary: "the factor of lr_decay_steps steps [default: 0.1]",
            fault: "not above 0 and at most 1",
            is_good: |rate| rate > 0.0 && rate <= 1.0,
        },
        Setting {
            key: "lr_decay_steps",
            summary: "the steps of one factor [default: T]",
            fault: "below 1",
            is_good: |steps| steps >= 1.0,
        },
    ],
    warmup: LINEAR_WARMUP,
    min_lr_ratio: TENTH,
    fall,
};

fn fall(schedule: &Schedule, course: Course) -> f64 {
    let rate = schedule.setting("lr_decay_rate").unwrap_or(TENTH);
    let steps = schedule.setting("lr_decay_steps").unwrap_or(course.steps as f64);
    (schedule.peak * rate.powf(course.step as f64 / steps)).max(schedule.min)
}
