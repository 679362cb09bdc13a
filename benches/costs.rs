//! What it brings to divide what a trial promises by what it costs: four made-up trainings whose cost
//! varies 30-fold with one of four parameters, the width. They differ in where the best width is,
//! for that decides: among the cheap ones, the dear ones, between, or nowhere.
//!
//! `cargo xtask bench costs` prints the table as Markdown.

use rand::RngExt;
use temper_core::{BudgetSetup, Config, CostSetup, Measure, Value, stream};

use memory_study::MemoryStudy;

mod memory_study;

const SEEDS: u64 = 20;
/// What may be spent, in trials of an average cost.
const TRIALS: f64 = 25.0;
/// The parts of the budget after which the best loss is looked at.
const PARTS: [f64; 3] = [0.25, 0.5, 1.0];
/// The random configurations that the average is taken of.
const DRAWS: u64 = 1000;
/// Times vary by this standard deviation of their logarithm.
const JITTER: f64 = 0.1;
/// Regrets below this are equal.
const LEAST: f64 = 1e-4;

const SPACE: &str = r#"{
    "hidden_size": {"type": "int", "low": 128, "high": 1024, "log": true},
    "learning_rate": {"type": "float", "low": 1e-5, "high": 1e-1, "log": true},
    "dropout": {"type": "float", "low": 0, "high": 0.5},
    "warmup_ratio": {"type": "float", "low": 0, "high": 0.3}
}"#;

/// The best width as a place in its range, if there is one, and its name.
const PROBLEMS: [(&str, Option<f64>); 4] = [
    ("the cheapest", Some(0.0)),
    ("in the middle", Some(0.5)),
    ("the dearest", Some(1.0)),
    ("any", None),
];

/// Where a configuration lies in the ranges: width, learning rate, dropout, warmup.
fn place(config: &Config) -> [f64; 4] {
    let number = |name| config.get(name).and_then(Value::as_f64).expect("the space has it");
    let log = |name, low: f64, high: f64| (number(name) / low).ln() / (high / low).ln();
    [
        log("hidden_size", 128.0, 1024.0),
        log("learning_rate", 1e-5, 1e-1),
        number("dropout") / 0.5,
        number("warmup_ratio") / 0.3,
    ]
}

/// How far the loss is above the best: valleys of which that of the learning rate moves with the width.
fn regret(best_width: Option<f64>, config: &Config) -> f64 {
    let [width, rate, dropout, warmup] = place(config);
    let size = best_width.map_or(0.0, |best| 0.5 * (width - best).powi(2));
    let valley = rate - (0.65 - 0.2 * width);
    size + 2.0 * valley.powi(2) + 0.2 * (dropout - 0.3).powi(2) + 0.1 * (warmup - 0.6).powi(2)
}

/// The seconds of a trial, 1 to 30.
fn cost(config: &Config) -> f64 {
    30.0_f64.powf(place(config)[0])
}

/// What so many random trials cost on average.
fn budget() -> f64 {
    let study = MemoryStudy::new("random", SPACE, BudgetSetup::default(), 0);
    let total: f64 = (0..DRAWS).map(|index| cost(&study.random(index))).sum();
    TRIALS * total / DRAWS as f64
}

/// The least regret after each part of the budget.
fn search(
    strategy: &str,
    best_width: Option<f64>,
    is_aware: bool,
    seed: u64,
) -> [f64; PARTS.len()] {
    let budget = budget();
    let costs = CostSetup { measure: Measure::Seconds, limit: Some(budget) };
    let costs = is_aware.then_some(costs);
    let mut study =
        MemoryStudy::new(strategy, SPACE, BudgetSetup { costs, until_converged: None }, seed);
    let mut luck = stream(seed, u64::MAX);
    let (mut spent, mut best, mut least) = (0.0, f64::INFINITY, [f64::NAN; PARTS.len()]);
    while spent < budget {
        let config = study.ask();
        let normal = temper_gp::normal::quantile(luck.random::<f64>().clamp(1e-9, 1.0 - 1e-9));
        let seconds = cost(&config) * (JITTER * normal).exp();
        spent += seconds;
        for (part, least) in PARTS.iter().zip(&mut least) {
            // A result counts from its end on.
            if least.is_nan() && spent > part * budget {
                *least = best;
            }
        }
        let here = regret(best_width, &config);
        best = best.min(here);
        study.record(config, Ok(2.0 + here), seconds);
    }
    least.map(|least| least.max(LEAST))
}

fn main() {
    println!("Geometric mean of the regret over {SEEDS} seeds, with costs and (without):\n");
    println!(
        "| strategy | the best width | {} |",
        PARTS.map(|it| format!("after {it}")).join(" | ")
    );
    println!("|---|---|{}", "---|".repeat(PARTS.len()));
    for strategy in ["bayes", "tpe"] {
        for (name, best_width) in PROBLEMS {
            let means = [true, false].map(|is_aware| {
                let mut logs = [0.0; PARTS.len()];
                for seed in 1..=SEEDS {
                    let found = search(strategy, best_width, is_aware, seed);
                    logs.iter_mut().zip(found).for_each(|(log, it)| *log += it.ln() / SEEDS as f64);
                }
                logs.map(f64::exp)
            });
            let cell = |part: usize| format!("{:.5} ({:.5})", means[0][part], means[1][part]);
            let cells: Vec<_> = (0..PARTS.len()).map(cell).collect();
            println!("| `{strategy}` | {name} | {} |", cells.join(" | "));
        }
    }
}
