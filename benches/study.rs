//! The cost of the study itself: 10,000 random trials of an objective that takes no time, recorded
//! in SQLite, and the time to open and list them.
//!
//! `cargo xtask bench study`. Figures are in ARCHITECTURE.md.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use temper_core::{
    Config, Direction, Failure, FnObjective, Goal, History, Reporter, Setup, Storage, StrategySetup,
};
use temper_report::StudyReport;
use temper_space::RequireSpec;
use temper_storage::SqliteStorage;
use temper_study::{Settings, Study};

const TRIALS: u64 = 10_000;

const SPACE: &str = r#"{
    "learning_rate": {"type": "float", "low": 1e-6, "high": 1e-1, "log": true},
    "weight_decay": {"type": "float", "low": 0, "high": 0.3},
    "batch_size": {"type": "ordinal", "values": [8, 16, 32, 64]},
    "num_layers": {"type": "int", "low": 1, "high": 12},
    "optimizer": {"type": "choice", "values": ["adamw", "lion", "sgd"]}
}"#;

fn setup() -> Setup {
    Setup {
        name: "bench".to_owned(),
        space: serde_json::from_str(SPACE).expect("the space is valid"),
        require: RequireSpec::default(),
        goals: vec![Goal { metric: "loss".to_owned(), direction: Direction::Minimize }],
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
        trials: Some(TRIALS),
    }
}

fn objective(config: &Config, _: &mut dyn Reporter) -> Result<f64, Failure> {
    let rate = config.get("learning_rate").and_then(temper_core::Value::as_f64).unwrap_or_default();
    Ok((rate.log10() + 3.0).powi(2))
}

/// Runs the study to its end and leaves its log at `path`.
fn run(path: &Path) {
    let strategy = temper_strategy::build("random", &Default::default()).expect("it exists");
    let storage = Box::new(SqliteStorage::open(path).expect("the folder can be written"));
    let study = Study::open(setup(), strategy, None, storage, Settings::default())
        .expect("the study is valid");
    study.run(&FnObjective(objective), 1).expect("nothing fails");
}

/// Opens the study and lists all trials as JSON.
fn list(path: &Path) -> String {
    let events = SqliteStorage::open_existing(path).and_then(|mut log| log.read(0));
    let mut history = History::new();
    for event in &events.expect("the log is whole") {
        history.apply(event).expect("the log is consistent");
    }
    let setup = setup();
    let report = StudyReport::new(&setup.name, &setup.goals, &history);
    serde_json::to_string(&report).expect("a report can be written as JSON")
}

/// The most memory that this process has used, in MB, where the system tells.
fn peak_megabytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? / 1000)
}

fn study(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mut group = criterion.benchmark_group("study");
    group.sample_size(10).measurement_time(Duration::from_secs(30));
    group.throughput(Throughput::Elements(TRIALS));
    let mut number = 0;
    group.bench_function("10000 random trials in SQLite", |bencher| {
        bencher.iter(|| {
            number += 1;
            run(&folder.path().join(format!("{number}.db")));
        });
    });
    println!("peak memory so far: {:?} MB", peak_megabytes());
    let path = folder.path().join("1.db");
    group.bench_function("open and list 10000 trials", |bencher| {
        bencher.iter(|| black_box(list(&path)));
    });
    group.finish();
}

criterion_group!(benches, study);
criterion_main!(benches);
