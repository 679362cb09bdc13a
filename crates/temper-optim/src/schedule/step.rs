//! A stair: the peak for some steps, then a part of it for as many, and so on.
//!
//! PyTorch's `StepLR` with `step_size` and `gamma`, and a floor.

use super::entry::{Entry, LINEAR_WARMUP, Setting, TENTH};
use super::{Course, Schedule};

/// Goyal et al. 2017 trained 90 epochs with drops at 30, 60 and 80.
const DEFAULT_STAIRS: f64 = 3.0;

pub(super) const ENTRY: Entry = Entry {
    name: "step",
    summary: "falls by a factor every lr_step_size steps, to the minimum and no further",
    formula: "max(min, peak lr_gamma^floor(t / lr_step_size))",
    source: "Goyal et al. 2017, section 5.1",
    settings: &[
        Setting {
            key: "lr_step_size",
            summary: "steps from one drop to the next [default: T / 3, rounded up]",
            fault: "below 1",
            is_good: |steps| steps >= 1.0,
        },
        Setting {
            key: "lr_gamma",
            summary: "the factor of a drop [default: 0.1]",
            fault: "not above 0 and at most 1",
            is_good: |gamma| gamma > 0.0 && gamma <= 1.0,
        },
    ],
    warmup: LINEAR_WARMUP,
    min_lr_ratio: TENTH,
    fall,
};

fn fall(schedule: &Schedule, course: Course) -> f64 {
    let default_size = || (course.steps as f64 / DEFAULT_STAIRS).ceil();
    let size = schedule.setting("lr_step_size").unwrap_or_else(default_size);
    let gamma = schedule.setting("lr_gamma").unwrap_or(TENTH);
    (schedule.peak * gamma.powf((course.step as f64 / size).floor())).max(schedule.min)
}
