//! What a study does, seen from outside.

mod budgets;
mod checkpoints;
mod command;
mod command_ends;
mod command_pauses;
mod command_stops;
mod confirmations;
mod constraints;
mod failures;
mod full_disk;
mod kept_models;
mod lab;
mod lost_workers;
mod pauses;
mod pbt;
mod promotions;
mod promotions_beside;
mod repeats;
mod replay;
mod reports;
mod resumes;
mod slots;
mod stages;
mod storage_errors;
mod study;
mod warm_start;
mod workers;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use temper_core::{
    Config, Direction, Event, Failure, FailureKind, Goal, History, Job, Lease, Metrics, Objective,
    ObjectiveError, Origin, Pulse, Reporter, Seq, Setup, State, Storage, StorageError, Strategy,
    StrategySetup, Trial, TrialId, WorkerId,
};
use temper_storage::MemoryStorage;
use temper_study::{Proposers, Settings, Study};

/// How long a test waits for what must happen; far longer than it takes.
const DEADLINE: Duration = Duration::from_secs(60);

/// A lease that a test can wait for.
const SHORT_LEASE: Duration = Duration::from_millis(200);

/// A study of one float `x` that minimises `loss` by random search.
fn setup(trials: u64) -> Setup {
    setup_of(r#"{"x": {"type": "float", "low": -5, "high": 5}}"#, trials)
}

/// [`setup`] with another space.
fn setup_of(space: &str, trials: u64) -> Setup {
    Setup {
        name: "test".into(),
        space: serde_json::from_str(space).expect("the test's space parses"),
        require: Default::default(),
        goals: vec![Goal { metric: "loss".into(), direction: Direction::Minimize }],
        constraints: Vec::new(),
        seed: 7,
        strategy: StrategySetup { name: "random".into(), options: "{}".into() },
        pruner: None,
        early_stopping: None,
        max_steps: None,
        stages: Vec::new(),
        repeat: None,
        confirm: None,
        budget: Default::default(),
        trials: Some(trials),
    }
}

/// The strategy of the registry that the setup names.
fn build(setup: &StrategySetup) -> Result<Box<dyn Strategy>, String> {
    let options = serde_json::from_str(&setup.options).map_err(|error| error.to_string())?;
    temper_strategy::build(&setup.name, &options).map_err(|error| error.to_string())
}

/// The strategy and the pruner of the registry that a setup names.
fn proposers(setup: &Setup) -> Result<Proposers, String> {
    let pruner = setup.pruner.as_ref().map(|pruner| {
        let options = serde_json::from_str(&pruner.options).map_err(|error| error.to_string())?;
        temper_strategy::build_pruner(&pruner.name, &options).map_err(|error| error.to_string())
    });
    let strategy = temper_strategy::build_for(setup).map_err(|error| error.to_string())?;
    Ok((strategy, pruner.transpose()?))
}

/// Opens a study with its strategy of the registry, without a pruner.
fn open(setup: Setup, storage: impl Storage + 'static) -> Study {
    open_with(setup, storage, Settings::default())
}

/// [`open`] with a lease that a test can wait for.
fn open_hasty(setup: Setup, storage: impl Storage + 'static) -> Study {
    let settings = Settings { lease: SHORT_LEASE, ..Settings::default() };
    open_with(setup, storage, settings)
}

/// [`open`] with settings.
fn open_with(setup: Setup, storage: impl Storage + 'static, settings: Settings) -> Study {
    let strategy = temper_strategy::build_for(&setup).expect("the strategy is in the registry");
    Study::open(setup, strategy, None, Box::new(storage), settings).expect("the study opens")
}

/// Opens a study with a strategy made for the test.
fn open_strategy(setup: Setup, strategy: impl Strategy + 'static, storage: MemoryStorage) -> Study {
    Study::open(setup, Box::new(strategy), None, Box::new(storage), Settings::default())
        .expect("the study opens")
}

/// An objective made of a closure that sees the whole job.
struct Attempted<F>(F);

impl<F> Objective for Attempted<F>
where
    F: Fn(&Job, &mut dyn Reporter) -> Result<Vec<f64>, Failure> + Sync,
{
    fn run(&self, job: &Job, reporter: &mut dyn Reporter) -> Result<Vec<f64>, ObjectiveError> {
        Ok((self.0)(job, reporter)?)
    }
}

/// A trial that takes no time: a parabola over `x`.
fn parabola(job: &Job, _: &mut dyn Reporter) -> Result<Vec<f64>, Failure> {
    Ok(vec![(x(&job.config) - 2.0).powi(2)])
}

fn x(config: &Config) -> f64 {
    config.get("x").and_then(temper_core::Value::as_f64).expect("x is in the space")
}

fn no_metrics() -> Metrics {
    Metrics::new()
}

fn failure(kind: FailureKind) -> Failure {
    Failure::new(kind, "the test wants it")
}

/// Everything in the log.
fn events(storage: &mut dyn Storage) -> Vec<Event> {
    storage.read(0).expect("the log can be read")
}

/// What the log adds up to.
fn history_of(storage: &mut dyn Storage) -> History {
    let mut history = History::new();
    for event in events(storage) {
        history.apply(&event).expect("each event follows from those before it");
    }
    history
}

fn trial(history: &History, id: u64) -> &Trial {
    history.trial(TrialId(id)).expect("the trial was started")
}

fn states(history: &History) -> Vec<State> {
    history.trials().iter().map(Trial::state).collect()
}

fn configs(history: &History) -> Vec<Config> {
    history.trials().iter().map(|trial| trial.config().clone()).collect()
}

fn kinds(trial: &Trial) -> Vec<FailureKind> {
    trial.failures().iter().map(|failure| failure.kind).collect()
}

/// Waits for what must happen.
fn wait_until(what: &str, happened: impl Fn() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !happened() {
        assert!(Instant::now() < deadline, "never came: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Begins trial 0 in the log as a worker that will never be heard of again.
fn start_as_lost_worker(storage: &mut dyn Storage, config: Config) -> (WorkerId, Lease) {
    let at = events(storage).len() as Seq;
    let worker = WorkerId::new("lost");
    let event = Event::Started {
        trial: TrialId(0),
        config,
        origin: Origin::Strategy,
        seen: at,
        worker: worker.clone(),
        until: None,
        fork: None,
        note: None,
        stage: None,
    };
    storage.append(at, &event).expect("nobody else writes to the log");
    (worker, Lease(at))
}

/// Says whether the append of an event fails.
type Fails = dyn FnMut(&Event) -> bool + Send;

/// A storage in memory with something wrong, as its hooks say.
#[derive(Clone)]
struct Faulty {
    inner: MemoryStorage,
    fails: Arc<Mutex<Fails>>,
    error: fn() -> StorageError,
    /// No beat comes through while this is set.
    silent: Arc<AtomicBool>,
}

impl Faulty {
    /// A storage that fails where the function says so.
    fn new(fails: impl FnMut(&Event) -> bool + Send + 'static) -> Self {
        Self {
            inner: MemoryStorage::new(),
            fails: Arc::new(Mutex::new(fails)),
            error: || StorageError::Other {
                location: "test".into(),
                source: "the disk is gone".into(),
            },
            silent: Arc::default(),
        }
    }

    /// A storage that is full where the function says so.
    fn full(fails: impl FnMut(&Event) -> bool + Send + 'static) -> Self {
        let error = || StorageError::Full { location: "test".into() };
        Self { error, ..Self::new(fails) }
    }
}

impl Storage for Faulty {
    fn read(&mut self, from: Seq) -> Result<Vec<Event>, StorageError> {
        self.inner.read(from)
    }

    fn append(&mut self, at: Seq, event: &Event) -> Result<(), StorageError> {
        if (self.fails.lock().expect("no test panics there"))(event) {
            return Err((self.error)());
        }
        self.inner.append(at, event)
    }

    fn reserve(&mut self) -> Result<(), StorageError> {
        self.inner.reserve()
    }

    fn beat(&mut self, worker: &WorkerId) -> Result<(), StorageError> {
        if self.silent.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.inner.beat(worker)
    }

    fn pulse(&mut self, worker: &WorkerId) -> Result<Pulse, StorageError> {
        self.inner.pulse(worker)
    }
}
