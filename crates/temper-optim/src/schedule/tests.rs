//! Tests of warmup, of each kind at places that can be reckoned, and of what all kinds promise.

use super::*;

fn schedule(kind: &str, warmup_steps: u64) -> Schedule {
    let kind = kind.parse().unwrap();
    let settings = BTreeMap::new();
    Schedule { kind, peak: 2.0, min: 0.5, warmup_steps, total_steps: 13, settings }
}

/// The learning rates of some steps.
fn rates<const N: usize>(schedule: &Schedule, steps: [u64; N]) -> [f64; N] {
    steps.map(|step| schedule.learning_rate(step))
}

fn with(kind: &str, settings: &[(&'static str, f64)]) -> Schedule {
    Schedule { settings: settings.iter().copied().collect(), ..schedule(kind, 0) }
}

#[test]
fn warmup_rises_linearly_from_the_first_step_to_the_peak() {
    let constant = schedule("constant", 4);
    assert_eq!(rates(&constant, [0, 1, 2, 3, 4, 12, 99]), [0.5, 1.0, 1.5, 2.0, 2.0, 2.0, 2.0]);
}

#[test]
fn a_cosine_is_half_way_in_the_middle_and_at_the_minimum_at_the_last_step() {
    let cosine = schedule("cosine", 5);
    assert_eq!(cosine.learning_rate(4), 2.0);
    assert!((cosine.learning_rate(8) - 1.25).abs() < 1e-12);
    // A quarter of the way: 0.5 + 0.75 (1 + cos 45 degrees).
    assert!((cosine.learning_rate(6) - 1.780_330_085_889_910_6).abs() < 1e-12);
    assert_eq!(cosine.learning_rate(12), 0.5);
    assert_eq!(cosine.learning_rate(1_000), 0.5);
}

#[test]
fn without_warmup_the_first_step_is_at_the_peak() {
    for kind in ScheduleKind::names() {
        assert_eq!(schedule(kind, 0).learning_rate(0), 2.0, "{kind}");
    }
    let [none, one] = [0, 1].map(|warmup| schedule("cosine", warmup).learning_rate(7));
    assert_eq!(none, one);
}

#[test]
fn a_run_of_a_single_step_is_at_the_peak() {
    for kind in ScheduleKind::names() {
        let single = Schedule { total_steps: 1, ..schedule(kind, 0) };
        assert_eq!(single.learning_rate(0), 2.0, "{kind}");
        assert!((0.5..=2.0).contains(&single.learning_rate(1)), "{kind}");
    }
}

#[test]
fn warmup_longer_than_the_run_never_reaches_the_peak() {
    let cosine = Schedule { total_steps: 4, ..schedule("cosine", 8) };
    assert_eq!(cosine.learning_rate(3), 1.0);
}

#[test]
fn a_line_and_a_parabola_are_where_they_should_be_half_way() {
    assert_eq!(rates(&schedule("linear", 0), [6, 12, 99]), [1.25, 0.5, 0.5]);
    assert_eq!(rates(&with("polynomial", &[("lr_power", 2.0)]), [6, 12, 99]), [0.875, 0.5, 0.5]);
}

#[test]
fn restarts_begin_at_the_peak_and_the_last_step_is_at_the_minimum() {
    let thrice = with("cosine_with_restarts", &[("lr_num_cycles", 3.0)]);
    assert_eq!(rates(&thrice, [4, 8, 12, 99]), [2.0, 2.0, 0.5, 0.5]);
    assert!((thrice.learning_rate(6) - 1.25).abs() < 1e-12);
}

#[test]
fn a_restart_is_at_the_peak_in_runs_of_every_length() {
    for cycles in 2..8_u64 {
        for cycle_steps in 1..200 {
            let settings = [("lr_num_cycles", cycles as f64)];
            let schedule = with("cosine_with_restarts", &settings);
            let schedule = Schedule { total_steps: cycles * cycle_steps + 1, ..schedule };
            let restart = (cycles - 1) * cycle_steps;
            assert_eq!(schedule.learning_rate(restart), 2.0, "{cycles} of {cycle_steps}");
        }
    }
}

#[test]
fn an_exponential_and_a_stair_fall_by_their_factor_to_the_minimum() {
    let halved = with("exponential", &[("lr_decay_rate", 0.5), ("lr_decay_steps", 2.0)]);
    assert_eq!(rates(&halved, [2, 4, 5]), [1.0, 0.5, 0.5]);
    // A tenth at the last step, unless the minimum is more.
    let deep = Schedule { min: 0.0, ..schedule("exponential", 0) };
    assert!((deep.learning_rate(12) - 0.2).abs() < 1e-12);
    let stair = with("step", &[("lr_step_size", 3.0), ("lr_gamma", 0.5)]);
    assert_eq!(rates(&stair, [2, 3, 5, 6, 11, 12]), [2.0, 1.0, 1.0, 0.5, 0.5, 0.5]);
    // Thirds of twelve steps.
    assert_eq!(rates(&schedule("step", 0), [3, 4]), [2.0, 0.5]);
}

#[test]
fn an_inverse_root_is_half_the_peak_after_three_time_scales() {
    let given = with("inverse_sqrt", &[("lr_timescale", 2.0)]);
    assert_eq!(rates(&given, [6, 30, 99]), [1.0, 0.5, 0.5]);
    // Warmup is the time scale: Vaswani's formula, 2 sqrt(4 / (step + 1)).
    assert_eq!(schedule("inverse_sqrt", 4).learning_rate(15), 1.0);
    let long = Schedule { total_steps: 40_000, ..schedule("inverse_sqrt", 0) };
    assert_eq!(long.learning_rate(30_000), 1.0);
}

#[test]
fn one_cycle_rises_and_falls_along_cosines() {
    let cycle = Schedule { warmup_steps: 5, ..with("one_cycle", &[("lr_div_factor", 4.0)]) };
    assert!((cycle.learning_rate(0) - 0.5).abs() < 1e-12);
    assert!((cycle.learning_rate(2) - 1.25).abs() < 1e-12);
    assert_eq!(rates(&cycle, [4, 12]), [2.0, 0.5]);
    assert!((cycle.learning_rate(8) - 1.25).abs() < 1e-12);
    assert_eq!(cycle.kind.default_warmup_steps(101), 31);
    assert_eq!(schedule("cosine", 0).kind.default_warmup_steps(101), 0);
}

#[test]
fn a_cooldown_takes_its_share_of_the_run() {
    // A quarter of 13 steps, rounded up: 4, from step 8 on.
    let share = ("lr_cooldown_ratio", 0.25);
    let linear = with("warmup_stable_decay", &[share]);
    assert_eq!(rates(&linear, [8, 10, 12, 99]), [2.0, 1.25, 0.5, 0.5]);
    let exponent = CooldownType::OneMinusSqrt.exponent();
    let root = with("warmup_stable_decay", &[share, ("lr_cooldown_type", exponent)]);
    assert_eq!(rates(&root, [8, 9, 12]), [2.0, 1.25, 0.5]);
    // A cooldown longer than what warmup leaves begins at the peak.
    let whole = Schedule { settings: [("lr_cooldown_ratio", 1.0)].into(), ..linear };
    assert_eq!(rates(&Schedule { warmup_steps: 9, ..whole }, [8, 10, 12]), [2.0, 1.25, 0.5]);
}

#[test]
fn every_kind_keeps_its_bounds_from_the_first_step_to_long_after_the_last() {
    for kind in ScheduleKind::names() {
        for warmup_steps in [0, 1, 2, 5, 13, 40] {
            for total_steps in [0, 1, 2, 13, 1_000] {
                let schedule = Schedule { total_steps, ..schedule(kind, warmup_steps) };
                for step in (0..60).chain([u64::from(u32::MAX)]) {
                    let rate = schedule.learning_rate(step);
                    let least = if step + 1 < warmup_steps { f64::MIN_POSITIVE } else { 0.5 };
                    assert!((least..=2.0).contains(&rate), "{schedule:?} at {step}: {rate}");
                }
            }
        }
    }
}

#[test]
fn kinds_are_found_by_their_names_which_are_unique_and_unknown_ones_are_refused() {
    let names: std::collections::BTreeSet<_> = ScheduleKind::names().iter().collect();
    assert_eq!(names.len(), ScheduleKind::names().len());
    for kind in ScheduleKind::all() {
        assert_eq!(kind.name().parse(), Ok(kind));
    }
    let error = "cosin".parse::<ScheduleKind>().unwrap_err();
    assert_eq!(error.to_string(), "there is no schedule `cosin`");
}

#[test]
fn every_kind_says_what_it_is_in_lines_that_fit_a_terminal() {
    for kind in ScheduleKind::all() {
        let Entry { name, summary, formula, source, settings, .. } = kind.entry();
        let keys = settings.iter().map(|setting| setting.key.len() + setting.summary.len() + 2);
        let lengths = [summary, formula, source].map(|text| text.chars().count());
        for length in keys.chain(lengths) {
            assert!((3..=76).contains(&length), "{name}: {length}");
        }
    }
}
