//! Half a cosine to the minimum: what most language models are trained with.
//!
//! transformers' `cosine` is this with a minimum of 0, its `cosine_with_min_lr` with another, and
//! PyTorch's `CosineAnnealingLR` with `T_max` = T.

use std::f64::consts::PI;

use super::entry::{Entry, LINEAR_WARMUP, TENTH};

pub(super) const ENTRY: Entry = Entry {
    name: "cosine",
    summary: "falls along half a cosine to the minimum at the last step",
    formula: "min + (peak - min) (1 + cos(pi p)) / 2",
    source: "Loshchilov & Hutter 2017 (SGDR), eq. 5, with a single period",
    settings: &[],
    warmup: LINEAR_WARMUP,
    min_lr_ratio: TENTH,
    fall: |schedule, course| {
        let height = 0.5 * (1.0 + (PI * course.progress()).cos());
        schedule.min + (schedule.peak - schedule.min) * height
    },
};
