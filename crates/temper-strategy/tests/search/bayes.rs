//! What Bayesian optimisation needs few trials for: in bowls, beyond failures, under constraints,
//! with beliefs and with two goals.

use temper_core::{Config, Event, FailureKind, Origin, Setup, State};

use crate::number;
use crate::spaces::bowl;
use crate::study::{Study, Verdict};
use crate::two_goals::{area, front, zdt1};

const SEEDS: [u64; 5] = [1, 2, 3, 4, 5];

#[test]
fn a_bowl_is_found_in_forty_trials() {
    let problem = bowl(5);
    for seed in SEEDS {
        for workers in [1, 4] {
            let mut study = Study::new("bayes", "{}", &problem.space, seed);
            study.run(40, workers, problem.objective);
            // The best of 40 random draws has a loss near 0.1, and the middle 0.2.
            assert!(study.best() < 1e-3, "{seed} x{workers}: {}", study.best());
        }
    }
}

/// A training run whose loss falls with its width and its batch, up to what the memory holds.
fn training(config: &Config, memory: f64) -> Verdict {
    let [batch, width, dropout] = ["batch", "width", "dropout"].map(|name| number(config, name));
    let used = batch.ln() + 1.5 * width.ln();
    if used > memory {
        return Err(FailureKind::OutOfMemory);
    }
    let rate = number(config, "learning_rate").log10() + 3.0;
    let size = 2.0 / width.powf(0.3) + 0.5 / batch.powf(0.3);
    Ok(vec![size + 0.1 * rate * rate + 0.5 * (dropout - 0.1).powi(2)])
}

const TRAINING: &str = r#"{
    "learning_rate": {"type": "float", "low": 1e-5, "high": 1e-1, "log": true},
    "batch": {"type": "int", "low": 1, "high": 256, "log": true},
    "width": {"type": "int", "low": 128, "high": 2048, "log": true},
    "dropout": {"type": "float", "low": 0, "high": 0.5}
}"#;

#[test]
fn few_trials_are_wasted_where_they_run_out_of_memory() {
    // Above these limits lie 20 and 40 % of the space, and the best losses, 0.431 and 0.508, on them.
    for (memory, lowest) in [(13.77, 0.431), (12.41, 0.508)] {
        let mut wasted = 0;
        for seed in SEEDS {
            let mut study = Study::new("bayes", "{}", TRAINING, seed);
            study.run(80, 1, |config| training(config, memory));
            let later = &study.history.trials()[20..];
            wasted += later.iter().filter(|trial| trial.state() == State::Failed).count();
            // Caution keeps it a little inside. The worst results are above 1.
            assert!(study.best() < 1.1 * lowest, "{memory} {seed}: {}", study.best());
        }
        let share = wasted as f64 / (60 * SEEDS.len()) as f64;
        assert!(share < 0.15, "{memory}: {share}");
    }
}

#[test]
fn constraints_are_kept_where_the_best_loss_breaks_them() {
    for seed in SEEDS {
        let mut study = Study::new("bayes", "{}", &bowl(3).space, seed);
        let setup = study.history.setup().unwrap().clone();
        let constraints = vec!["cost <= 0.5".parse().unwrap()];
        study.add(Event::Opened(Setup { constraints, ..setup }));
        // The lowest loss, 0, has the cost 0.9; the lowest loss at a cost of 0.5 is 0.0533.
        let cost = |config: &Config| (0..3).map(|i| number(config, &format!("p{i}"))).sum::<f64>();
        let loss = |config: &Config| {
            (0..3).map(|i| (number(config, &format!("p{i}")) - 0.3).powi(2)).sum::<f64>()
        };
        study.run_beside("cost", 40, |config| (loss(config), cost(config)));
        let best = study.best();
        assert!((0.0533..0.06).contains(&best), "{seed}: {best}");
    }
}

#[test]
fn a_belief_helps_where_it_is_right_and_is_overcome_where_it_is_wrong() {
    let believed = |place: f64| {
        let param = |axis| {
            format!(
                r#""p{axis}": {{"type": "float", "low": 0, "high": 1, "default": {place},
                "confidence": "high"}}"#
            )
        };
        format!("{{{}}}", (0..6).map(param).collect::<Vec<_>>().join(", "))
    };
    let mean = |space: &str, trials| {
        let best = SEEDS.map(|seed| {
            let mut study = Study::new("bayes", "{}", space, seed);
            study.run(trials, 1, bowl(6).objective);
            study.best()
        });
        best.iter().sum::<f64>() / SEEDS.len() as f64
    };
    let (right, none) = (mean(&believed(0.32), 12), mean(&bowl(6).space, 12));
    assert!(right < none / 2.0, "{right} {none}");
    let wrong = mean(&believed(0.9), 60);
    assert!(wrong < 0.01, "{wrong}");
}

#[test]
fn results_from_elsewhere_spare_the_first_trials() {
    let problem = bowl(5);
    for seed in SEEDS {
        let mut study = Study::new("bayes", "{}", &problem.space, seed);
        let mut elsewhere = Study::new("random", "{}", &problem.space, seed);
        elsewhere.run(20, 1, problem.objective);
        for config in elsewhere.configs().cloned().collect::<Vec<_>>() {
            let verdict = (problem.objective)(&config);
            let known = study.start(config, Origin::Observed);
            study.finish(known, verdict);
        }
        study.run(26, 1, problem.objective);
        let mut cold = Study::new("bayes", "{}", &problem.space, seed);
        cold.run(6, 1, problem.objective);
        // The six trials of a study that knows nothing are its design.
        assert!(study.best() < cold.best() / 4.0, "{seed}: {} {}", study.best(), cold.best());
    }
}

#[test]
fn most_of_a_front_is_found_in_eighty_trials() {
    for seed in SEEDS {
        let mut study = Study::with_goals(&["one", "other"], "bayes", "{}", &bowl(6).space, seed);
        study.run(80, 1, zdt1);
        // Of 0.877, as the test of nsga2 says.
        assert!(area(&front(&study)) > 0.877 * 0.95, "{seed}: {}", area(&front(&study)));
    }
}
