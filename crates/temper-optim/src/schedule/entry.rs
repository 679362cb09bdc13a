//! What a kind of schedule says of itself.

use super::{Course, Schedule};

/// The minimum, as a share of the peak, of most kinds: cosines of language models end at a tenth
/// (Hoffmann et al. 2022, "Training Compute-Optimal Large Language Models", section 3.1).
pub(super) const TENTH: f64 = 0.1;

/// One kind of schedule.
///
/// Formulas are written with `peak` and `min`, the highest and the lowest learning rate; `t`, the
/// steps since the peak, of `T` until the last step; `p` = t / T, at most 1; and `w`, the steps of
/// warmup.
#[derive(Debug)]
pub struct Entry {
    /// Its name in settings.
    pub name: &'static str,
    /// What it does, in half a line.
    pub summary: &'static str,
    /// The learning rate after warmup.
    pub formula: &'static str,
    /// Where it comes from: author, year, and equation or section.
    pub source: &'static str,
    /// The settings that are its own.
    pub settings: &'static [Setting],
    /// How it rises to the peak.
    pub(super) warmup: Warmup,
    /// The minimum where none is given, as a share of the peak.
    pub min_lr_ratio: f64,
    /// The learning rate at a step after the peak; pure.
    pub(super) fall: fn(&Schedule, Course) -> f64,
}

/// A setting that belongs to one kind or a few.
#[derive(Debug)]
pub struct Setting {
    /// Its name.
    pub key: &'static str,
    /// What it is, and its default.
    pub summary: &'static str,
    /// What a value is that it must not be: "not above 0".
    pub fault: &'static str,
    /// Whether a finite value is within the bounds.
    pub is_good: fn(f64) -> bool,
}

/// How a kind rises to the peak.
#[derive(Debug)]
pub(super) struct Warmup {
    /// Its length where none is given, as a share of all steps.
    pub(super) default_ratio: f64,
    /// The learning rate at a step before the peak; pure.
    pub(super) rise: fn(&Schedule, u64) -> f64,
}

/// In equal parts, without which the first step would not learn: none unless it is asked for.
///
/// Goyal et al. 2017, "Accurate, Large Minibatch SGD", section 2.2; the share is (step + 1) / w,
/// so that step w - 1 is at the peak. Programs that count step / w are one step behind.
pub(super) const LINEAR_WARMUP: Warmup = Warmup {
    default_ratio: 0.0,
    rise: |schedule, step| schedule.peak * (step + 1) as f64 / schedule.warmup_steps as f64,
};
