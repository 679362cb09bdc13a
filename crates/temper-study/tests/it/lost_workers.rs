//! Workers that are lost, and those that are only slow.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;
use std::{fmt, fs};

use temper_core::{
    Config, Event, FailureKind, Halt, History, Job, Lease, Loss, Next, Outcome, Pulse, Refused,
    Reporter, Rng, Seq, State, Storage, StorageError, Strategy, StrategyError, TrialId, Verdict,
    WorkerId, draw,
};
use temper_space::Space;
use temper_storage::{MemoryStorage, SqliteStorage};
use temper_study::Settings;

use crate::workers::started;
use crate::{
    Attempted, Faulty, events, history_of, kinds, no_metrics, open, open_hasty, open_with,
    parabola, setup, start_as_lost_worker, states, trial, wait_until,
};

fn some_config() -> Config {
    Config::from_iter([("x", 1.5.into())])
}

#[test]
fn the_trial_of_a_lost_worker_is_taken_over_and_its_late_events_are_refused() {
    let mut storage = MemoryStorage::new();
    let study = open_hasty(setup(3), storage.clone());
    let (worker, lease) = start_as_lost_worker(&mut storage, some_config());
    study.run(&Attempted(parabola), 2).unwrap();
    let history = study.history();
    assert_eq!(states(&history), [State::Completed; 3]);
    let taken = trial(&history, 0);
    assert_eq!(taken.config(), &some_config());
    assert_eq!(kinds(taken), [FailureKind::Preempted]);
    assert!(taken.failures()[0].message.contains(worker.as_str()));
    let losses = vec![Loss::new(0.0).unwrap()];
    let late = [
        Event::Reported {
            trial: TrialId(0),
            lease,
            step: 1,
            losses: losses.clone(),
            metrics: no_metrics(),
        },
        Event::Finished {
            trial: TrialId(0),
            lease,
            outcome: Outcome::completed(losses),
            seconds: 1.0,
            peak_memory: None,
        },
    ];
    for event in late {
        let refused = history.check(&event).unwrap_err();
        assert!(matches!(refused, Refused::Fenced { .. }), "{refused}");
    }
}

#[test]
fn a_trial_that_was_told_to_stop_ends_with_its_worker_and_one_told_to_pause_is_tried_again() {
    for (verdict, state, attempts) in
        [(Verdict::Stop, State::Pruned, 1), (Verdict::Pause, State::Completed, 2)]
    {
        let mut storage = MemoryStorage::new();
        let study = open_hasty(setup(2), storage.clone());
        let (_, lease) = start_as_lost_worker(&mut storage, some_config());
        let (trial, step, metrics) = (TrialId(0), 1, no_metrics());
        let losses = vec![Loss::new(9.0).unwrap()];
        for event in [
            Event::Reported { trial, lease, step, losses, metrics },
            Event::Judged { trial, lease, step, verdict, reason: "the test wants it".into() },
        ] {
            let at = events(&mut storage).len() as Seq;
            storage.append(at, &event).unwrap();
        }
        study.run(&Attempted(parabola), 1).unwrap();
        let history = study.history();
        let lost = crate::trial(&history, 0);
        assert_eq!((lost.state(), lost.attempts().len()), (state, attempts));
    }
}

#[test]
fn a_worker_that_was_silent_for_a_lease_finds_its_trial_gone_and_works_on() {
    let storage = Faulty::new(|_| false);
    storage.silent.store(true, Ordering::Relaxed);
    let silent = open_hasty(setup(3), storage.clone());
    let other = open_hasty(setup(3), storage.inner.clone());
    let objective = Attempted(|job: &Job, reporter: &mut dyn Reporter| {
        assert!(reporter.report(1, &[5.0], &no_metrics()).is_continue());
        if job.trial.0 == 0 {
            wait_until("the takeover", || {
                trial(&history_of(&mut storage.clone()), 0).state() == State::Completed
            });
            // It comes back to life, too late for this trial.
            storage.silent.store(false, Ordering::Relaxed);
            let told = reporter.report(2, &[4.0], &no_metrics());
            assert_eq!(told.break_value(), Some(Halt::Interrupt));
        }
        Ok(vec![4.0])
    });
    thread::scope(|scope| {
        let first = scope.spawn(|| silent.run(&objective, 1));
        wait_until("the first report", || events(&mut storage.clone()).len() > 2);
        let quick = Attempted(|_: &Job, _: &mut dyn Reporter| Ok(vec![0.25]));
        other.run(&quick, 1).unwrap();
        first.join().unwrap().unwrap();
    });
    let history = history_of(&mut storage.clone());
    assert_eq!(states(&history), [State::Completed; 3]);
    assert_eq!(trial(&history, 0).attempts().len(), 2);
    assert_eq!(trial(&history, 0).loss().unwrap().get(), 0.25);
}

/// Counts how often the pulse of others is felt.
struct Counting {
    inner: Box<dyn Storage>,
    pulses: Arc<AtomicU64>,
}

impl Storage for Counting {
    fn read(&mut self, from: Seq) -> Result<Vec<Event>, StorageError> {
        self.inner.read(from)
    }

    fn append(&mut self, at: Seq, event: &Event) -> Result<(), StorageError> {
        self.inner.append(at, event)
    }

    fn reserve(&mut self) -> Result<(), StorageError> {
        self.inner.reserve()
    }

    fn beat(&mut self, worker: &WorkerId) -> Result<(), StorageError> {
        self.inner.beat(worker)
    }

    fn pulse(&mut self, worker: &WorkerId) -> Result<Pulse, StorageError> {
        self.pulses.fetch_add(1, Ordering::SeqCst);
        self.inner.pulse(worker)
    }
}

/// A trial that outlasts several leases while another process watches its worker.
fn slow_but_alive(connect: &dyn Fn() -> Box<dyn Storage>) {
    let pulses = Arc::<AtomicU64>::default();
    let hasty = Settings {
        lease: Duration::from_millis(900), // a beat may be late on a busy machine
        ..Settings::default()
    };
    let open = |inner| {
        let pulses = Arc::clone(&pulses);
        open_with(setup(2), Counting { inner, pulses }, hasty.clone())
    };
    let (slow, watching) = (open(connect()), open(connect()));
    let objective = Attempted(|job: &Job, reporter: &mut dyn Reporter| {
        if job.trial.0 == 0 {
            wait_until("a watch of several leases", || pulses.load(Ordering::SeqCst) >= 4);
        }
        parabola(job, reporter)
    });
    thread::scope(|scope| {
        let first = scope.spawn(|| slow.run(&objective, 1));
        let mut log = connect();
        wait_until("the slow trial", || slow.history().trials().len() == 1);
        watching.run(&Attempted(parabola), 1).expect("the study runs");
        first.join().expect("the worker does not panic").expect("the study runs");
        let history = history_of(&mut *log);
        assert_eq!(states(&history), [State::Completed; 2]);
        assert!(history.trials().iter().all(|t| t.attempts().len() == 1));
    });
}

#[test]
fn a_worker_that_beats_is_left_alone_however_slow_it_is() {
    let storage = MemoryStorage::new();
    slow_but_alive(&|| Box::new(storage.clone()));
}

#[test]
fn a_worker_that_beats_in_sqlite_is_left_alone_however_slow_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("study.db");
    slow_but_alive(&|| Box::new(SqliteStorage::open(&path).unwrap()));
}

/// Thinks about its second proposal until it is told that this was long enough.
struct Thoughtful(Box<dyn Fn() + Send>);

impl fmt::Debug for Thoughtful {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Thoughtful")
    }
}

impl Strategy for Thoughtful {
    fn ask(
        &mut self,
        space: &Space,
        history: &History,
        rng: &mut Rng,
    ) -> Result<Next, StrategyError> {
        if history.trials().len() == 1 {
            (self.0)();
        }
        draw(space, rng).map(Next::start)
    }
}

#[test]
fn a_worker_beats_also_while_its_strategy_thinks() {
    let storage = MemoryStorage::new();
    let pulses = Arc::<AtomicU64>::default();
    let settings = Settings { lease: Duration::from_millis(900), ..Settings::default() };
    let felt = Arc::clone(&pulses);
    let thinks = Arc::<AtomicBool>::default();
    let thinking = Arc::clone(&thinks);
    let think = move || {
        thinking.store(true, Ordering::SeqCst);
        wait_until("a watch of several leases", || felt.load(Ordering::SeqCst) >= 4);
    };
    let thoughtful = temper_study::Study::open(
        setup(2),
        Box::new(Thoughtful(Box::new(think))),
        None,
        Box::new(storage.clone()),
        settings.clone(),
    )
    .unwrap();
    let watching = Counting { inner: Box::new(storage.clone()), pulses: Arc::clone(&pulses) };
    let mut watched = setup(2);
    watched.trials = Some(1); // it only waits
    let slow = Attempted(|job: &Job, reporter: &mut dyn Reporter| {
        wait_until("a watch of several leases", || pulses.load(Ordering::SeqCst) >= 4);
        parabola(job, reporter)
    });
    thread::scope(|scope| {
        let first = scope.spawn(|| thoughtful.run(&slow, 2));
        wait_until("the first trial", || started(&mut storage.clone()) == [0]);
        // From the watcher's setup on, no more trials are wanted.
        wait_until("the strategy", || thinks.load(Ordering::SeqCst));
        open_with(watched, watching, settings).run(&slow, 1).unwrap();
        first.join().unwrap().unwrap();
    });
    let history = history_of(&mut storage.clone());
    assert_eq!(states(&history), [State::Completed; 2]);
    assert!(history.trials().iter().all(|t| t.attempts().len() == 1));
}

/// A log on disk whose trial 0 was left running by a worker that is gone.
fn left_running(path: &Path) -> (WorkerId, Lease) {
    let mut storage = SqliteStorage::open(path).expect("the log opens");
    drop(open(setup(2), SqliteStorage::open(path).expect("the log opens")));
    let (worker, lease) = start_as_lost_worker(&mut storage, some_config());
    storage.beat(&worker).expect("the beat is written");
    (worker, lease)
}

#[test]
fn a_worker_whose_process_died_is_taken_over_without_waiting_for_its_lease() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("study.db");
    let (worker, _) = left_running(&path);
    // What the death of a process leaves behind: its file, without a lock.
    let present = folder.path().join("study.db-workers");
    fs::create_dir_all(&present).unwrap();
    fs::write(present.join(worker.as_str()), "").unwrap();
    let settings = Settings { lease: Duration::from_secs(3600), ..Settings::default() };
    let study = open_with(setup(2), SqliteStorage::open(&path).unwrap(), settings);
    study.run(&Attempted(parabola), 1).unwrap();
    assert_eq!(states(&study.history()), [State::Completed; 2]);
    assert_eq!(trial(&study.history(), 0).attempts().len(), 2);
}

#[test]
fn a_worker_that_closed_its_storage_with_a_trial_running_is_lost_after_its_lease() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("study.db");
    left_running(&path);
    let study = open_hasty(setup(2), SqliteStorage::open(&path).unwrap());
    study.run(&Attempted(parabola), 1).unwrap();
    assert_eq!(states(&study.history()), [State::Completed; 2]);
    assert_eq!(kinds(trial(&study.history(), 0)), [FailureKind::Preempted]);
}

#[test]
fn a_worker_that_is_lost_again_and_again_does_not_take_the_study_with_it() {
    let mut storage = MemoryStorage::new();
    let settings = Settings {
        retries: temper_study::Retries { preempted: 0, crashed: 0, disk_full: 0 },
        lease: crate::SHORT_LEASE,
        budget: Default::default(),
    };
    let study = open_with(setup(2), storage.clone(), settings);
    start_as_lost_worker(&mut storage, some_config());
    study.run(&Attempted(parabola), 1).unwrap();
    let expected = [State::Failed, State::Completed];
    assert_eq!(states(&study.history()), expected);
}
