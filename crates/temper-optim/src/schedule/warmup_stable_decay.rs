//! The peak for most of the run, then a short cooldown: one long run serves many lengths, each by a
//! cooldown of its own.
//!
//! transformers' `warmup_stable_decay` with `decay_type` `linear` or `1-sqrt` and `min_lr_ratio`;
//! its warmup starts from min, not from 0.

use serde::{Deserialize, Serialize};

use super::entry::{Entry, LINEAR_WARMUP, Setting, TENTH};
use super::{Course, Schedule};

/// What Hägele et al. 2024 use most.
const DEFAULT_COOLDOWN: f64 = 0.2;

pub(super) const ENTRY: Entry = Entry {
    name: "warmup_stable_decay",
    summary: "stays at the peak, then falls to the minimum in a cooldown at the end",
    formula: "min + (peak - min) (1 - c^a), c the share of the cooldown, a = 1 or 1/2",
    source: "Hu et al. 2024 (MiniCPM), section 4; Hägele et al. 2024, section 3",
    settings: &[
        Setting {
            key: "lr_cooldown_ratio",
            summary: "share of all steps that is the cooldown [default: 0.2]",
            fault: "not above 0 and at most 1",
            is_good: |share| share > 0.0 && share <= 1.0,
        },
        Setting {
            key: "lr_cooldown_type",
            summary: "linear (a = 1) or 1-sqrt (a = 1/2) [default: linear]",
            fault: "not above 0",
            is_good: |exponent| exponent > 0.0,
        },
    ],
    warmup: LINEAR_WARMUP,
    min_lr_ratio: TENTH,
    fall,
};

/// The shape of a cooldown.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum CooldownType {
    /// In equal parts (Hu et al. 2024 leave the shape open).
    #[serde(rename = "linear")]
    Linear,
    /// One minus the root: steep first, then flat (Hägele et al. 2024, section 3).
    #[serde(rename = "1-sqrt")]
    OneMinusSqrt,
}

impl CooldownType {
    /// The exponent a in 1 - c^a: the value of the setting `lr_cooldown_type`.
    pub fn exponent(self) -> f64 {
        match self {
            Self::Linear => 1.0,
            Self::OneMinusSqrt => 0.5,
        }
    }
}

fn fall(schedule: &Schedule, course: Course) -> f64 {
    let share = schedule.setting("lr_cooldown_ratio").unwrap_or(DEFAULT_COOLDOWN);
    let linear = CooldownType::Linear.exponent();
    let exponent = schedule.setting("lr_cooldown_type").unwrap_or(linear);
    let cooldown_steps = (share * schedule.total_steps as f64).ceil() as u64;
    let cooldown_steps = cooldown_steps.clamp(1, course.steps);
    let stable_steps = course.steps - cooldown_steps;
    let cooldown = course.step.saturating_sub(stable_steps) as f64 / cooldown_steps as f64;
    schedule.min + (schedule.peak - schedule.min) * (1.0 - cooldown.min(1.0).powf(exponent))
}
