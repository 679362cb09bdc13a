//! Studies that have constraints, results from elsewhere, nothing but failures, or sizes and losses
//! at the ends of what there is.

use super::*;

/// So many trials are past the startup of every strategy.
const TRIALS: usize = 16;

/// Runs a study with each strategy, and checks that what is asked for is of the space, and that a
/// strategy that was only told the log asks the same.
fn check(space: &str, prepare: impl Fn(&mut Bench), mut outcome: impl FnMut(&mut Rng) -> Outcome) {
    for entry in ALL {
        let mut bench = Bench::new(entry, space, "{}");
        prepare(&mut bench);
        let first = bench.strategy.ask(&bench.space, &bench.history, &mut stream(SEED, 0));
        if let Err(StrategyError::Unsuitable { .. }) = first {
            // It numbers all combinations, and there are more of them than numbers.
            assert_eq!(entry.name, "grid");
            continue;
        }
        let configs = bench.run_with(TRIALS, &mut stream(6, 0), &mut outcome);
        assert!(!configs.is_empty(), "{}", entry.name);
        for config in &configs {
            assert_eq!(bench.space.complete(config.clone()).as_ref(), Ok(config), "{}", entry.name);
        }
        let next = bench.check_rebuilt(entry, entry.name);
        if let Next::Start { note: Some(note), .. } = next {
            let is_line = !note.contains('\n') && !note.starts_with(char::is_uppercase);
            assert!(is_line && !note.is_empty(), "{}: {note}", entry.name);
        }
    }
}

fn completed(loss: f64) -> Outcome {
    Outcome::completed(vec![Loss::new(loss).unwrap()])
}

fn mixed() -> &'static str {
    SPACES[1].1
}

/// `count` parameters, each as the JSON says.
fn many(count: usize, param: &str) -> String {
    let params: Vec<_> = (0..count).map(|index| format!(r#""x{index}": {param}"#)).collect();
    format!("{{{}}}", params.join(", "))
}

#[test]
fn constraints_may_be_broken_and_metrics_be_missing() {
    let constrained = |bench: &mut Bench| bench.keep(&["cost <= 0.5", "accuracy >= 1e300"]);
    check(mixed(), constrained, |luck| {
        let mut metrics = temper_core::Metrics::new();
        if luck.random_bool(0.7) {
            metrics.insert("cost".to_owned(), luck.random());
        }
        if luck.random_bool(0.7) {
            let accuracy = if luck.random_bool(0.5) { -1.7e308 } else { 1.7e308 };
            metrics.insert("accuracy".to_owned(), accuracy);
        }
        Outcome::Completed { losses: vec![loss(luck)], metrics }
    });
}

#[test]
fn trials_may_be_observed_elsewhere() {
    let observe = |bench: &mut Bench| {
        let mut luck = stream(8, 0);
        for index in 0..12 {
            let config = temper_core::draw(&bench.space, &mut luck).unwrap();
            bench.begin(config, Origin::Observed);
            bench.finish(TrialId(index), completed(luck.random()));
        }
    };
    check(mixed(), observe, |luck| outcome(1, luck));
}

#[test]
fn all_trials_may_fail() {
    let full = || Failure::new(FailureKind::OutOfMemory, "full");
    check(mixed(), |_| {}, |_| Outcome::Failed { failure: full(), retry: false });
}

#[test]
fn losses_may_be_huge_or_all_the_same() {
    for loss in [0.0, 1e300, -1e300] {
        check(SPACES[0].1, |_| {}, |_| completed(loss));
    }
    check(SPACES[0].1, |_| {}, |luck| completed(if luck.random() { 1e300 } else { -1e300 }));
}

#[test]
fn there_may_be_many_values_many_parameters_and_no_choice() {
    let values: Vec<_> = (0..50).map(|value| value.to_string()).collect();
    let choice = format!(r#"{{"type": "choice", "values": [{}]}}"#, values.join(", "));
    let single = r#"{"type": "choice", "values": ["only"]}"#;
    let float = r#"{"type": "float", "low": 0, "high": 1}"#;
    for space in [many(20, &choice), many(60, float), many(3, single)] {
        check(&space, |_| {}, |luck| outcome(1, luck));
    }
}
