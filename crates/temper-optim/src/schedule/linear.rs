//! A straight line to the minimum: hard to beat where the length of the run is known.
//!
//! transformers' `linear` is this with a minimum of 0, PyTorch's `LinearLR` with `total_iters` = T
//! and `end_factor` = min / peak.

use super::entry::{Entry, LINEAR_WARMUP, TENTH};

pub(super) const ENTRY: Entry = Entry {
    name: "linear",
    summary: "falls in equal parts to the minimum at the last step",
    formula: "min + (peak - min) (1 - p)",
    source: "Devlin et al. 2019 (BERT), appendix A.2",
    settings: &[],
    warmup: LINEAR_WARMUP,
    min_lr_ratio: TENTH,
    fall: |schedule, course| {
        schedule.min + (schedule.peak - schedule.min) * (1.0 - course.progress())
    },
};
