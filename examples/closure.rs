//! A study of a Rust closure, on four threads, recorded in a file:
//!
//! ```sh
//! cargo run --release -p temper-study --example closure
//! ```
//!
//! Kill it and start it again: it goes on where it was.

use std::ops::ControlFlow;
use std::path::Path;

use temper_core::{
    Config, Direction, Failure, FailureKind, FnObjective, Goal, Halt, Metrics, Reporter, Setup,
    StrategySetup,
};
use temper_storage::SqliteStorage;
use temper_study::{Settings, Study};

const SPACE: &str = r#"{
    "learning_rate": {"type": "float", "low": 1e-3, "high": 10, "log": true, "default": 0.1},
    "momentum": {"type": "float", "low": 0, "high": 0.99}
}"#;

/// Minimises Rosenbrock's function by gradient descent with momentum, and reports on the way.
fn descend(config: &Config, reporter: &mut dyn Reporter) -> Result<f64, Failure> {
    let number = |name| config.get(name).and_then(temper_core::Value::as_f64).unwrap_or(0.0);
    let (rate, momentum) = (number("learning_rate") * 1e-2, number("momentum"));
    let (mut x, mut y, mut vx, mut vy) = (-1.0_f64, 1.5_f64, 0.0, 0.0);
    let mut value = f64::INFINITY;
    for step in 1..=200 {
        let (dx, dy) = (2.0 * (x - 1.0) - 400.0 * x * (y - x * x), 200.0 * (y - x * x));
        (vx, vy) = (momentum * vx - rate * dx, momentum * vy - rate * dy);
        (x, y) = (x + vx, y + vy);
        value = (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2);
        if step % 50 == 0 || !value.is_finite() {
            // On `Break` others are better, or the study is being interrupted.
            if let ControlFlow::Break(halt) = reporter.report(step, &[value], &Metrics::new()) {
                return Err(Failure::new(FailureKind::Preempted, halted(halt)));
            }
        }
    }
    Ok(value)
}

fn halted(halt: Halt) -> &'static str {
    match halt {
        Halt::Stop => "it was stopped",
        Halt::Pause => "it was paused",
        Halt::Interrupt => "it was interrupted",
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let setup = Setup {
        name: "descent".to_owned(),
        space: serde_json::from_str(SPACE)?,
        require: Default::default(),
        goals: vec![Goal { metric: "value".to_owned(), direction: Direction::Minimize }],
        constraints: Vec::new(),
        seed: 7,
        strategy: StrategySetup { name: "random".to_owned(), options: "{}".to_owned() },
        pruner: None,
        early_stopping: None,
        max_steps: None,
        stages: Vec::new(),
        repeat: None,
        confirm: None,
        budget: Default::default(),
        trials: Some(200),
    };
    let strategy = temper_strategy::build("random", &Default::default())?;
    let storage = Box::new(SqliteStorage::open(Path::new("descent.db"))?);
    let study = Study::open(setup, strategy, None, storage, Settings::default())?;
    study.run(&FnObjective(descend), 4)?;
    let history = study.close();
    let best = history.best().ok_or("no trial completed")?;
    println!(
        "best of {}: {} with {}",
        history.trials().len(),
        best.losses()[0].get(),
        best.config()
    );
    Ok(())
}
