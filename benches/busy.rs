//! How busy four workers are: trials that take heavy-tailed times to train, in SQLite, under
//! strategies and pruners that cost more and less to ask. A training is a sleep.
//!
//! `cargo xtask bench busy`, two minutes; `cargo xtask bench busy -- 5` with trials five times as
//! long. Figures are in ARCHITECTURE.md.
//!
//! The share is the time that workers trained, without what they waited for their reports to be
//! recorded, of four times the time until the last attempt began: what follows is no strategy's
//! fault, for nothing is left to begin.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rand::RngExt;
use temper_core::{
    Direction, Goal, Job, Metrics, Objective, ObjectiveError, Reporter, Setup, State, Step,
    StrategySetup, Value, stream,
};
use temper_storage::SqliteStorage;
use temper_study::{Settings, Study};

const WORKERS: usize = 4;
const TRIALS: u64 = 100;
const LAST_STEP: Step = 27;

/// The shortest whole training; the mean is three times that.
const SHORTEST: Duration = Duration::from_millis(300);
/// The exponent of Pareto's distribution: a tenth of the trainings take 4.6 times the shortest.
const TAIL: f64 = 1.5;
/// No training takes so many times the shortest.
const LONGEST: f64 = 30.0;

const SPACE: &str = r#"{
    "learning_rate": {"type": "float", "low": 1e-6, "high": 1e-1, "log": true},
    "weight_decay": {"type": "float", "low": 0, "high": 0.3},
    "batch_size": {"type": "ordinal", "values": [8, 16, 32, 64]},
    "num_layers": {"type": "int", "low": 1, "high": 12},
    "optimizer": {"type": "choice", "values": ["adamw", "lion", "sgd"]}
}"#;

/// Strategies and pruners with their options.
const RUNS: [(&str, Option<(&str, &str)>); 6] = [
    ("random", None),
    ("random", Some(("asha", "{}"))),
    ("tpe", Some(("hyperband", r#"{"mode": "promote"}"#))),
    ("bayes", None),
    ("bayes", Some(("asha", r#"{"mode": "promote"}"#))),
    ("bayes", Some(("freeze_thaw", r#"{"mode": "promote"}"#))),
];

fn setup(strategy: &str, pruner: Option<(&str, &str)>) -> Setup {
    let named = |(name, options): (&str, &str)| StrategySetup {
        name: name.to_owned(),
        options: options.to_owned(),
    };
    Setup {
        name: "bench".to_owned(),
        space: serde_json::from_str(SPACE).expect("the space is valid"),
        require: Default::default(),
        goals: vec![Goal { metric: "loss".to_owned(), direction: Direction::Minimize }],
        constraints: Vec::new(),
        seed: 7,
        strategy: named((strategy, "{}")),
        pruner: pruner.map(named),
        early_stopping: None,
        max_steps: Some(LAST_STEP),
        stages: Vec::new(),
        budget: Default::default(),
        repeat: None,
        confirm: None,
        trials: Some(TRIALS),
    }
}

/// An attempt, by the study's clock.
struct Attempt {
    began: Duration,
    trained: Duration,
    ended: Duration,
}

/// Trains by sleeping, and keeps account of it.
struct Sleeper {
    scale: f64,
    clock: Instant,
    attempts: Mutex<Vec<Attempt>>,
}

impl Objective for Sleeper {
    fn run(&self, job: &Job, reporter: &mut dyn Reporter) -> Result<Vec<f64>, ObjectiveError> {
        let began = self.clock.elapsed();
        let draw: f64 = stream(job.seed, 0).random();
        let times = (1.0 - draw).powf(-1.0 / TAIL).min(LONGEST); // Pareto's, by its inverse
        let step_time = SHORTEST.mul_f64(times * self.scale / LAST_STEP as f64);
        let rate = job.config.get("learning_rate").and_then(Value::as_f64).unwrap_or_default();
        let mut trained = Duration::ZERO;
        for step in job.reported.unwrap_or(0) + 1..=LAST_STEP {
            let clock = Instant::now();
            thread::sleep(step_time);
            trained += clock.elapsed();
            let loss = (rate.log10() + 3.0).powi(2) + 9.0 / step as f64;
            if let ControlFlow::Break(_) = reporter.report(step, &[loss], &Metrics::new()) {
                break;
            }
        }
        let attempt = Attempt { began, trained, ended: self.clock.elapsed() };
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner).push(attempt);
        Ok(Vec::new())
    }
}

/// The part of a time span that lies before a moment.
fn before(moment: Duration, attempt: &Attempt, time: Duration) -> f64 {
    let whole = (attempt.ended - attempt.began).as_secs_f64();
    let part = attempt.ended.min(moment).saturating_sub(attempt.began).as_secs_f64();
    time.as_secs_f64() * part / whole.max(f64::MIN_POSITIVE)
}

fn run(name: &str, pruner: Option<(&str, &str)>, scale: f64) {
    let setup = setup(name, pruner);
    let strategy = temper_strategy::build(name, &Default::default()).expect("it exists");
    let build = |(name, options): (&str, &str)| {
        let options = serde_json::from_str(options).expect("they are JSON");
        temper_strategy::build_pruner(name, &options).expect("it exists")
    };
    let folder = tempfile::tempdir().expect("a folder can be made");
    let log = SqliteStorage::open(&folder.path().join("1.db")).expect("the folder can be written");
    let study = Study::open(setup, strategy, pruner.map(build), Box::new(log), Settings::default())
        .expect("the study is valid");
    let sleeper = Sleeper { scale, clock: Instant::now(), attempts: Mutex::default() };
    study.run(&sleeper, WORKERS).expect("nothing fails");
    let attempts = sleeper.attempts.into_inner().unwrap_or_else(PoisonError::into_inner);
    let last_began = attempts.iter().map(|it| it.began).max().unwrap_or_default();
    let end = attempts.iter().map(|it| it.ended).max().unwrap_or_default();
    let share = |moment: Duration, time: &dyn Fn(&Attempt) -> Duration| {
        let busy: f64 = attempts.iter().map(|it| before(moment, it, time(it))).sum();
        100.0 * busy / (WORKERS as f64 * moment.as_secs_f64())
    };
    let trained = |it: &Attempt| it.trained;
    let mean: f64 = attempts.iter().map(|it| it.trained.as_secs_f64()).sum::<f64>();
    println!(
        "| {name} | {} | {} | {:.2} | {} | {:.1} % | {:.1} % | {:.1} % |",
        pruner.map_or("none".to_owned(), |(name, options)| {
            let is_promoting = options.contains("promote");
            format!("{name}{}", if is_promoting { ", promote" } else { "" })
        }),
        attempts.len(),
        mean / attempts.len() as f64,
        study.history().in_state(State::Completed).count(),
        share(last_began, &trained),
        share(last_began, &|it| it.ended - it.began),
        share(end, &trained),
    );
}

fn main() {
    // Cargo's own flags are no numbers.
    let scale = std::env::args().filter_map(|it| it.parse().ok()).next().unwrap_or(1.0);
    println!(
        "| strategy | pruner | attempts | seconds each | completed | trained | with reporting | to the end |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (strategy, pruner) in RUNS {
        run(strategy, pruner, scale);
    }
}
