//! The peak to the end: the baseline, and for runs whose end is not known.

use super::entry::{Entry, LINEAR_WARMUP, TENTH};

pub(super) const ENTRY: Entry = Entry {
    name: "constant",
    summary: "stays at the peak",
    formula: "peak",
    source: "Bottou, Curtis & Nocedal 2018, theorem 4.6",
    settings: &[],
    warmup: LINEAR_WARMUP,
    min_lr_ratio: TENTH,
    fall: |schedule, _| schedule.peak,
};
