//! A study and its main loop.

use std::any::Any;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use temper_core::{
    Event, Failure, FailureKind, History, Objective, ObjectiveError, Outcome, Pruner, Setup,
    Storage, StorageError, Strategy, TrialId, WorkerId,
};
use temper_space::Space;

use crate::errand::{Errand, Task};
use crate::full_disk::FullDisk;
use crate::ledger::{AppendError, Ledger, SharedStorage};
use crate::meter::Meter;
use crate::reporter::TrialReporter;
use crate::same_search::same_search;
use crate::watch::Watch;
use crate::worker::new_worker;
use crate::{Observer, Settings, Spent, StudyError};

/// How often a worker without a job looks whether there is one.
const IDLE: Duration = Duration::from_millis(20);

/// No log is so long.
const NEVER: u64 = u64::MAX;

/// A worker beats this many times in a lease.
const BEATS_IN_A_LEASE: u32 = 4;

/// A study that is open.
pub struct Study {
    pub(crate) setup: Setup,
    pub(crate) space: Space,
    pub(crate) settings: Settings,
    pub(crate) worker: WorkerId,
    pub(crate) pruner: Option<Box<dyn Pruner>>,
    storage: SharedStorage,
    ledger: Mutex<Ledger>,
    watch: Mutex<Watch>,
    pub(crate) interrupt: Arc<AtomicBool>,
    /// Whether a worker has met an error in this run.
    pub(crate) broken: AtomicBool,
    full_disk: FullDisk,
    /// The trials whose checkpoints were removed.
    discarded: Mutex<BTreeSet<TrialId>>,
    /// How long trials have run.
    pub(crate) meter: Mutex<Meter>,
    /// When this run began.
    pub(crate) began: Mutex<Instant>,
    /// What ended this run before all trials had run.
    pub(crate) spent: Mutex<Option<Spent>>,
    /// How long the log was when there was nothing to do.
    pub(crate) idle_at: AtomicU64,
}

impl Study {
    /// Opens a study on its storage: replays the log, or begins it.
    ///
    /// # Errors
    ///
    /// If the storage can't be read or written, or its log is of another search space.
    pub fn open(
        setup: Setup,
        strategy: Box<dyn Strategy>,
        pruner: Option<Box<dyn Pruner>>,
        storage: Box<dyn Storage>,
        settings: Settings,
    ) -> Result<Self, StudyError> {
        let space = Space::new(&setup.space, &setup.require)?;
        let mut ledger = Ledger::new(storage, strategy);
        ledger.catch_up()?;
        match ledger.history().setup() {
            Some(before) if *before == setup => {}
            Some(before) => {
                same_search(before, &setup)?;
                ledger.append(&Event::Opened(setup.clone()))?;
            }
            None => ledger.append(&Event::Opened(setup.clone()))?,
        }
        Ok(Self {
            setup,
            space,
            settings,
            worker: new_worker(),
            pruner,
            storage: ledger.storage().clone(),
            ledger: Mutex::new(ledger),
            watch: Mutex::default(),
            interrupt: Arc::default(),
            broken: AtomicBool::new(false),
            full_disk: FullDisk::default(),
            discarded: Mutex::default(),
            meter: Mutex::default(),
            began: Mutex::new(Instant::now()),
            spent: Mutex::default(),
            idle_at: AtomicU64::new(NEVER),
        })
    }

    /// Sets who is shown what happens from now on.
    pub fn observe(&self, observer: Box<dyn Observer>) {
        self.ledger().observe(observer);
    }

    /// Raise this flag to end the run early: running trials are stopped and recorded as preempted.
    #[must_use]
    pub fn interrupt(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.interrupt)
    }

    /// What has happened so far.
    #[must_use]
    pub fn history(&self) -> History {
        self.ledger().history().clone()
    }

    /// Ends this process's part in the study: the last thing that its observer sees is over.
    #[must_use]
    pub fn close(self) -> History {
        let ledger = self.ledger.into_inner().unwrap_or_else(PoisonError::into_inner);
        ledger.into_history()
    }

    /// Runs trials on `workers` threads (one: the calling thread) until there are as many as the
    /// study wants, or until the strategy has no more, or until it is interrupted. Trials that
    /// other processes run are waited for, and taken over if their process is lost.
    ///
    /// # Errors
    ///
    /// The first error that ended a worker.
    pub fn run(&self, objective: &dyn Objective, workers: usize) -> Result<(), StudyError> {
        *self.began.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.idle_at.store(NEVER, Ordering::Relaxed);
        self.full_disk.forget();
        self.beat()?;
        if self.broken.load(Ordering::Relaxed) {
            self.release_own()?;
            self.broken.store(false, Ordering::Relaxed);
        }
        self.discard_checkpoints(objective); // what an earlier run did not come to
        thread::scope(|scope| {
            let (end, ended) = mpsc::channel();
            scope.spawn(move || self.keep_alive(&ended));
            let others: Vec<_> =
                (1..workers).map(|_| scope.spawn(|| self.work(objective))).collect();
            let mut result = self.work(objective);
            for other in others {
                result = result.and(other.join().expect("a worker catches its objective's panics"));
            }
            drop(end);
            result
        })
    }

    /// The main loop.
    fn work(&self, objective: &dyn Objective) -> Result<(), StudyError> {
        let result = self.work_until_done(objective);
        if result.is_err() {
            self.broken.store(true, Ordering::Relaxed);
        }
        result
    }

    fn work_until_done(&self, objective: &dyn Objective) -> Result<(), StudyError> {
        loop {
            match self.next_errand()? {
                Errand::Run(task) => self.attempt(objective, &task)?,
                Errand::Wait => thread::sleep(IDLE),
                Errand::End => return Ok(()),
            }
        }
    }

    /// Runs one attempt and records how it ended.
    fn attempt(&self, objective: &dyn Objective, task: &Task) -> Result<(), StudyError> {
        let clock = Instant::now();
        self.meter().begin(task.job.trial, clock);
        let mut reporter = TrialReporter::new(self, task.job.trial, task.lease);
        self.read_on(); // a process that was suspended may have been taken for dead
        let result = self.reserve().and_then(|()| {
            catch_unwind(AssertUnwindSafe(|| objective.run(&task.job, &mut reporter)))
                .unwrap_or_else(|panic| Err(crash(&*panic).into()))
        });
        let elapsed = clock.elapsed();
        self.meter().end(task.job.trial, elapsed);
        let peak_memory = reporter.peak_memory();
        let Some(mut outcome) = reporter.end(result)? else {
            return Ok(()); // taken over: nobody waits for how it ended here
        };
        let counted = self.full_disk.count(task.job.trial, &mut outcome);
        self.finish(task, outcome, elapsed, peak_memory)?;
        self.discard_checkpoints(objective);
        counted
    }

    /// Keeps room for the record of how an attempt ends.
    fn reserve(&self) -> Result<(), ObjectiveError> {
        match self.storage.lock().reserve() {
            Err(error @ StorageError::Full { .. }) => {
                Err(Failure::new(FailureKind::DiskFull, error.to_string()).into())
            }
            // What else is wrong with the storage comes out at the next append.
            _ => Ok(()),
        }
    }

    fn finish(
        &self,
        task: &Task,
        outcome: Outcome,
        elapsed: Duration,
        peak_memory: Option<u64>,
    ) -> Result<(), StudyError> {
        let trial = task.job.trial;
        let result = describe(&outcome);
        let event = Event::Finished {
            trial,
            lease: task.lease,
            outcome,
            seconds: elapsed.as_secs_f64(),
            peak_memory,
        };
        match self.append_patiently(&event) {
            // Refused: the trial was taken over in the last moment.
            Ok(_) | Err(AppendError::Refused(_)) => Ok(()),
            Err(AppendError::Storage(source)) => {
                Err(StudyError::Unrecorded { trial, result, source })
            }
        }
    }

    /// Beats until told to end.
    fn keep_alive(&self, ended: &Receiver<()>) {
        let interval = self.settings.lease / BEATS_IN_A_LEASE;
        while ended.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
            // A beat that fails costs nothing unless a whole lease of them does; what is wrong
            // with the storage comes out at the next append.
            let _ = self.beat();
            self.read_on();
        }
    }

    /// Reads what others have written, unless the ledger is busy: running trials learn from it that
    /// they were taken over.
    fn read_on(&self) {
        if let Some(mut ledger) = self.try_ledger() {
            let _ = ledger.catch_up();
        }
    }

    pub(crate) fn beat(&self) -> Result<(), StorageError> {
        self.storage.lock().beat(&self.worker)
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The ledger, unless somebody else has it.
    pub(crate) fn try_ledger(&self) -> Option<MutexGuard<'_, Ledger>> {
        self.ledger.try_lock().ok()
    }

    pub(crate) fn discarded(&self) -> MutexGuard<'_, BTreeSet<TrialId>> {
        self.discarded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn watch(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A panic of the objective, as a failure of its trial.
fn crash(panic: &(dyn Any + Send)) -> Failure {
    let message = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "unknown panic".to_owned());
    Failure::new(FailureKind::Crashed, format!("the objective panicked: {message}"))
}

fn describe(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Completed { losses, .. } => {
            let losses: Vec<_> = losses.iter().map(|loss| loss.get().to_string()).collect();
            format!("completed with loss {}", losses.join(", "))
        }
        Outcome::Pruned => "pruned".to_owned(),
        Outcome::Paused => "paused".to_owned(),
        Outcome::Failed { failure, .. } => format!("failed, {failure}"),
    }
}
