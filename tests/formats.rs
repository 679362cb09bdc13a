//! Logs of every format that was ever released can still be read. A new format gets a new golden
//! file: run this test once, and check in the file that it writes.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

use temper_core::{
    Config, Direction, Event, Failure, FailureKind, Fork, Goal, History, Lease, Loss, Metrics,
    Origin, Outcome, Setup, State, Storage, StrategySetup, TrialId, Verdict, WorkerId,
};
use temper_storage::{FORMAT, SqliteStorage};

const SPACE: &str = r#"{
    "learning_rate": {"type": "float", "low": 1e-6, "high": 1e-1, "log": true, "default": 1e-3},
    "layers": {"type": "int", "low": 1, "high": 12},
    "batch_size": {"type": "ordinal", "values": [8, 16, 32]},
    "optimizer": {"type": "choice", "values": ["adamw", "sgd"]},
    "nesterov": {"type": "choice", "values": [true, false], "when": {"optimizer": "sgd"}},
    "seed": {"type": "const", "value": 3},
    "width": {"derive": "layers * 64", "multiple_of": 64}
}"#;

fn golden(format: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/golden/format-{format}.db"))
}

/// One event of each kind, with each kind of value.
fn events() -> Vec<Event> {
    let loss = |value| vec![Loss::new(value).unwrap()];
    let config = Config::from_iter([
        ("learning_rate".to_owned(), (0.1 + 0.2).into()),
        ("layers".to_owned(), 4_i64.into()),
        ("optimizer".to_owned(), "sgd".into()),
        ("nesterov".to_owned(), true.into()),
    ]);
    let (worker, origin) = (WorkerId::new("host.1"), Origin::Strategy);
    let start = |trial, origin, seen| Event::Started {
        trial: TrialId(trial),
        config: config.clone(),
        origin,
        seen,
        worker: worker.clone(),
        until: Some(100),
        fork: (trial == 2).then(|| Fork::of(TrialId(1))),
        note: None,
        stage: None,
    };
    let finish = |trial, lease, outcome| Event::Finished {
        trial: TrialId(trial),
        lease: Lease(lease),
        outcome,
        seconds: 1.0 / 3.0,
        peak_memory: Some(123_456_789),
    };
    let failure = Failure {
        kind: FailureKind::Crashed,
        message: "it was killed by signal 11".to_owned(),
        exit_code: None,
        signal: Some(11),
        stderr: vec!["line \"one\"".to_owned(), "line two: é".to_owned()],
    };
    vec![
        Event::Opened(Setup {
            name: "golden".to_owned(),
            space: serde_json::from_str(SPACE).unwrap(),
            require: [("few".to_owned(), "layers < 10".to_owned())].into_iter().collect(),
            goals: vec![Goal { metric: "accuracy".to_owned(), direction: Direction::Maximize }],
            constraints: Vec::new(),
            seed: u64::MAX,
            strategy: StrategySetup { name: "random".to_owned(), options: "{}".to_owned() },
            pruner: Some(StrategySetup { name: "median".to_owned(), options: "{}".to_owned() }),
            early_stopping: None,
            max_steps: None,
            stages: Vec::new(),
            repeat: None,
            confirm: None,
            budget: Default::default(),
            trials: Some(3),
        }),
        start(0, Origin::Default, 0),
        Event::Reported {
            trial: TrialId(0),
            lease: Lease(1),
            step: 100,
            losses: loss(-0.75),
            metrics: Metrics::from([("tokens".to_owned(), 5000.0)]),
        },
        Event::Judged {
            trial: TrialId(0),
            lease: Lease(1),
            step: 100,
            verdict: Verdict::Pause,
            reason: "it reached step 100".to_owned(),
        },
        finish(0, 1, Outcome::Paused),
        Event::Continued {
            trial: TrialId(0),
            seen: Some(5),
            worker: worker.clone(),
            until: None,
            note: None,
        },
        finish(0, 5, Outcome::completed(loss(-0.8))),
        start(1, origin, 7),
        finish(1, 7, Outcome::Failed { failure: failure.clone(), retry: true }),
        Event::Continued {
            trial: TrialId(1),
            seen: None,
            worker: worker.clone(),
            until: Some(100),
            note: None,
        },
        finish(1, 9, Outcome::Failed { failure, retry: false }),
        start(2, origin, 11),
        finish(2, 11, Outcome::Pruned),
        start(3, Origin::Observed, 0),
    ]
}

#[test]
fn the_log_of_this_format_reads_as_it_was_written() {
    let path = golden(FORMAT);
    if !path.exists() {
        let mut storage = SqliteStorage::open(&path).unwrap();
        for (at, event) in (0..).zip(events()) {
            storage.append(at, &event).unwrap();
        }
        panic!("wrote {}: check it in", path.display());
    }
    assert_eq!(read(FORMAT), events());
}

#[test]
fn logs_of_all_formats_add_up_to_the_same_history() {
    use State::{Completed, Failed, Pruned, Running};
    for format in 1..=FORMAT {
        let mut history = History::new();
        for event in read(format) {
            history.apply(&event).unwrap();
        }
        let states: Vec<_> = history.trials().iter().map(temper_core::Trial::state).collect();
        assert_eq!(states, [Completed, Failed, Pruned, Running], "format {format}");
        assert_eq!(history.best().unwrap().id(), TrialId(0));
    }
}

/// Reads a copy: opening a log may write to its folder.
fn read(format: u32) -> Vec<Event> {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    fs::copy(golden(format), &copy).unwrap();
    SqliteStorage::open_existing(&copy).unwrap().read(0).unwrap()
}
