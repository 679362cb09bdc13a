//! A power of what is left of the run: above 1 it falls early, below 1 late.
//!
//! transformers' `polynomial` with `lr_end` = min, and PyTorch's `PolynomialLR` with `total_iters`
//! = T and a minimum of 0.

use super::entry::{Entry, LINEAR_WARMUP, Setting, TENTH};
use super::{Course, Schedule};

/// That of PyTorch and transformers: a straight line.
const DEFAULT_POWER: f64 = 1.0;

pub(super) const ENTRY: Entry = Entry {
    name: "polynomial",
    summary: "falls as a power of the rest of the run to the minimum at the last step",
    formula: "min + (peak - min) (1 - p)^lr_power",
    source: "Chen et al. 2018 (DeepLab), section 4.1, the \"poly\" policy",
    settings: &[Setting {
        key: "lr_power",
        summary: "the power; 1 is a straight line [default: 1]",
        fault: "not above 0",
        is_good: |power| power > 0.0,
    }],
    warmup: LINEAR_WARMUP,
    min_lr_ratio: TENTH,
    fall,
};

fn fall(schedule: &Schedule, course: Course) -> f64 {
    let power = schedule.setting("lr_power").unwrap_or(DEFAULT_POWER);
    schedule.min + (schedule.peak - schedule.min) * (1.0 - course.progress()).powf(power)
}
