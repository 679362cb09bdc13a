//! One over the root of the step: does not need to know where the run ends.
//!
//! transformers' `inverse_sqrt`, whose step is ours plus 1 where there is warmup, with a floor.
//! PyTorch has none.

use super::entry::{Entry, LINEAR_WARMUP, Setting, TENTH};
use super::{Course, Schedule};

/// That of transformers where there is no warmup.
const DEFAULT_TIMESCALE: f64 = 10_000.0;

pub(super) const ENTRY: Entry = Entry {
    name: "inverse_sqrt",
    summary: "falls as one over the root of the step, to the minimum and no further",
    formula: "max(min, peak / sqrt(1 + t / lr_timescale))",
    source: "Vaswani et al. 2017, eq. 3, with a peak and a time scale of its own",
    settings: &[Setting {
        key: "lr_timescale",
        summary: "steps until 1 / sqrt(2) of the peak [default: w, else 10,000]",
        fault: "below 1",
        is_good: |steps| steps >= 1.0,
    }],
    warmup: LINEAR_WARMUP,
    min_lr_ratio: TENTH,
    fall,
};

fn fall(schedule: &Schedule, course: Course) -> f64 {
    let default_timescale = match schedule.warmup_steps {
        0 => DEFAULT_TIMESCALE,
        steps => steps as f64,
    };
    let timescale = schedule.setting("lr_timescale").unwrap_or(default_timescale);
    (schedule.peak / (1.0 + course.step as f64 / timescale).sqrt()).max(schedule.min)
}
