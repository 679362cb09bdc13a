//! Several cosines, each from the peak: a good model at the end of each.
//!
//! transformers' `cosine_with_restarts` is this with a minimum of 0, PyTorch's
//! `CosineAnnealingWarmRestarts` with `T_0` = T / cycles, but that our last step is the end of the
//! last cycle, not the start of another.

use std::f64::consts::PI;

use super::entry::{Entry, LINEAR_WARMUP, Setting, TENTH};
use super::{Course, Schedule};

/// The fewest that are a restart.
const DEFAULT_CYCLES: f64 = 2.0;

pub(super) const ENTRY: Entry = Entry {
    name: "cosine_with_restarts",
    summary: "falls along half a cosine again and again, each time from the peak",
    formula: "min + (peak - min) (1 + cos(pi frac(lr_num_cycles p))) / 2, min at p = 1",
    source: "Loshchilov & Hutter 2017 (SGDR), eq. 5, with periods of one length",
    settings: &[Setting {
        key: "lr_num_cycles",
        summary: "cosines from the peak to the last step [default: 2]",
        fault: "below 1",
        is_good: |cycles| cycles >= 1.0,
    }],
    warmup: LINEAR_WARMUP,
    min_lr_ratio: TENTH,
    fall,
};

fn fall(schedule: &Schedule, course: Course) -> f64 {
    if course.step >= course.steps {
        return schedule.min;
    }
    let cycles = schedule.setting("lr_num_cycles").unwrap_or(DEFAULT_CYCLES);
    // The product of whole numbers is exact: a restart is not missed by a rounding error.
    let progress = (cycles * course.step as f64) % course.steps as f64 / course.steps as f64;
    schedule.min + (schedule.peak - schedule.min) * 0.5 * (1.0 + (PI * progress).cos())
}
