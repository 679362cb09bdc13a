//! One rise and one long fall, both along half a cosine.
//!
//! PyTorch's `OneCycleLR` with `anneal_strategy` `cos` and two phases: `pct_start` is the share of
//! warmup, `max_lr` the peak, and min = peak / (`div_factor` x `final_div_factor`). Momentum is left
//! alone.

use std::f64::consts::PI;

use super::Schedule;
use super::entry::{Entry, Setting, Warmup};

/// PyTorch's `pct_start`.
const DEFAULT_RISE: f64 = 0.3;

/// PyTorch's.
const DEFAULT_DIV_FACTOR: f64 = 25.0;

/// PyTorch's `final_div_factor`: what the last learning rate is below the first one.
const FINAL_DIV_FACTOR: f64 = 1e4;

pub(super) const ENTRY: Entry = Entry {
    name: "one_cycle",
    summary: "rises along half a cosine in its warmup, then falls far along another",
    formula: "min + (peak - min) (1 + cos(pi p)) / 2; warmup from peak / lr_div_factor",
    source: "Smith & Topin 2019 (super-convergence), section 3; cosines as in PyTorch",
    settings: &[Setting {
        key: "lr_div_factor",
        summary: "the peak over the first learning rate [default: 25]",
        fault: "below 1",
        is_good: |factor| factor >= 1.0,
    }],
    warmup: Warmup { default_ratio: DEFAULT_RISE, rise },
    min_lr_ratio: 1.0 / (DEFAULT_DIV_FACTOR * FINAL_DIV_FACTOR),
    fall: |schedule, course| between(schedule.peak, schedule.min, course.progress()),
};

fn rise(schedule: &Schedule, step: u64) -> f64 {
    let div_factor = schedule.setting("lr_div_factor").unwrap_or(DEFAULT_DIV_FACTOR);
    let progress = step as f64 / (schedule.warmup_steps - 1) as f64;
    between(schedule.peak / div_factor, schedule.peak, progress)
}

fn between(start: f64, end: f64, progress: f64) -> f64 {
    end + (start - end) * 0.5 * (1.0 + (PI * progress).cos())
}
