//! Schedules against those of PyTorch and transformers: `reference/schedules.py` writes the numbers.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use temper_optim::{Schedule, ScheduleKind};

/// Both sides round in the last digits, PyTorch's recursive forms at each of 60 steps.
const TOLERANCE: f64 = 1e-9;

/// One schedule of theirs, the settings by which it is ours, and its learning rates from
/// `first_step` on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    kind: ScheduleKind,
    peak: f64,
    min: f64,
    warmup_steps: u64,
    total_steps: u64,
    settings: BTreeMap<String, f64>,
    first_step: u64,
    learning_rates: Vec<f64>,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("../reference/schedules.json")).unwrap()
}

fn schedule(case: &Case) -> Schedule {
    let setting = |(key, value): (&String, &f64)| (case.kind.setting(key).unwrap().key, *value);
    Schedule {
        kind: case.kind,
        peak: case.peak,
        min: case.min,
        warmup_steps: case.warmup_steps,
        total_steps: case.total_steps,
        settings: case.settings.iter().map(setting).collect(),
    }
}

#[test]
fn learning_rates_are_those_of_pytorch_and_transformers() {
    for case in cases() {
        let schedule = schedule(&case);
        for (step, expected) in (case.first_step..).zip(&case.learning_rates) {
            let rate = schedule.learning_rate(step);
            let is_near = (rate - expected).abs() <= TOLERANCE * expected;
            assert!(is_near, "{} at step {step}: {rate} is not {expected}", case.name);
        }
    }
}

#[test]
fn every_kind_has_a_reference_over_most_of_a_run() {
    let mut covered = BTreeSet::new();
    for case in cases() {
        assert!(case.learning_rates.len() > 50, "{}", case.name);
        covered.insert(case.kind.name());
    }
    assert_eq!(covered, ScheduleKind::names().iter().copied().collect());
}
