//! What a worker that is free does next.

use std::sync::atomic::Ordering;
use std::time::Instant;

use temper_core::{
    Attempt, Config, Event, Failure, FailureKind, Fork, Intake, Job, Lease, Next, Origin, Outcome,
    Seq, Setup, State, Step, Trial, TrialId, Verdict, first_pause, trial_seed,
};

use crate::ledger::{AppendError, Ledger, Proposal};
use crate::{Spent, Study, StudyError};

/// A job and the right to write of it.
pub(crate) struct Task {
    pub(crate) job: Job,
    pub(crate) lease: Lease,
}

/// What a free worker finds.
pub(crate) enum Errand {
    /// Something to run.
    Run(Task),
    /// Nothing at the moment: look again.
    Wait,
    /// Nothing any more.
    End,
}

/// A trial that begins.
struct Begins {
    config: Config,
    origin: Origin,
    until: Option<Step>,
    fork: Option<Fork>,
    note: Option<String>,
    stage: Option<u32>,
}

impl Study {
    /// Finds something to do and writes down that it is being done: first what waits to be tried
    /// again, then the default configuration, then what the strategy wants.
    pub(crate) fn next_errand(&self) -> Result<Errand, StudyError> {
        if self.interrupted() {
            self.spent(self.ledger().history()); // which may be why
            return Ok(Errand::End);
        }
        let mut ledger = self.ledger();
        ledger.catch_up()?;
        self.check_setup(&ledger)?;
        self.release_lost(&mut ledger)?;
        if self.spent(ledger.history()) {
            return Ok(end_or_wait(&ledger));
        }
        let waiting = ledger.history().in_state(State::Waiting).next().map(Trial::id);
        if let Some(waiting) = waiting {
            return self.go_on(&mut ledger, waiting, None, None, None);
        }
        let count = ledger.history().tried();
        if count == 0
            && let Some(Ok(config)) = self.space.default_config().map(|it| self.space.complete(it))
            && !is_known(&ledger, &config)
        {
            let stage = (!self.setup.stages.is_empty()).then_some(0);
            let pruner = self.pruner.as_deref();
            let until = pruner.and_then(|it| first_pause(it, stage, ledger.history()));
            let until = until.or_else(|| ledger.first_pause());
            let (origin, fork, note) = (Origin::Default, None, None);
            let begins = Begins { config, origin, until, fork, note, stage };
            return self.start(&mut ledger, begins, 0);
        }
        let length = ledger.history().len();
        if self.idle_at.load(Ordering::Relaxed) == length {
            return Ok(Errand::Wait); // Nothing has happened since nothing was to be done.
        }
        let Proposal { next, seen } = ledger.ask(&self.space, self.pruner.as_deref())?;
        let errand = self.errand(&mut ledger, next, seen)?;
        if matches!(errand, Errand::Wait) && ledger.history().len() == length {
            self.idle_at.store(length, Ordering::Relaxed);
        }
        Ok(errand)
    }

    fn errand(&self, ledger: &mut Ledger, next: Next, seen: Seq) -> Result<Errand, StudyError> {
        match next {
            Next::Start { fork: None, .. } if ledger.history().intake() == Intake::Closed => {
                Ok(end_or_wait(ledger))
            }
            Next::Start { config, until, fork, note, stage } => {
                let origin = Origin::Strategy;
                self.start(ledger, Begins { config, origin, until, fork, note, stage }, seen)
            }
            Next::Repeat { config, origin, note, stage } => {
                let (until, fork) = (None, None);
                self.start(ledger, Begins { config, origin, until, fork, note, stage }, seen)
            }
            Next::Resume { trial, until, note } => {
                self.go_on(ledger, trial, Some(seen), until, note)
            }
            Next::Wait => Ok(Errand::Wait),
            Next::Done => {
                let reason = ledger.ending().filter(|_| ledger.history().intake() == Intake::Open);
                if let Some(reason) = reason {
                    self.end_by(Some(Spent::Converged { reason: reason.to_owned() }));
                }
                Ok(end_or_wait(ledger))
            }
        }
    }

    fn start(&self, ledger: &mut Ledger, begins: Begins, seen: Seq) -> Result<Errand, StudyError> {
        let Begins { config, origin, until, fork, note, stage } = begins;
        self.space.validate(&config).map_err(|reason| StudyError::BadProposal {
            strategy: self.setup.strategy.name.clone(),
            config: config.clone(),
            reason: reason.to_string(),
        })?;
        let trial = ledger.next_trial();
        let worker = self.worker.clone();
        self.write(
            ledger,
            trial,
            &Event::Started { trial, config, origin, seen, worker, until, fork, note, stage },
        )
    }

    /// Starts another attempt at a waiting or paused trial.
    fn go_on(
        &self,
        ledger: &mut Ledger,
        trial: TrialId,
        seen: Option<Seq>,
        until: Option<Step>,
        note: Option<String>,
    ) -> Result<Errand, StudyError> {
        let retried = ledger.history().trial(trial).filter(|_| seen.is_none());
        let until = until.or_else(|| retried.and_then(Trial::until));
        let worker = self.worker.clone();
        self.write(ledger, trial, &Event::Continued { trial, seen, worker, until, note })
    }

    /// Writes that an attempt begins, and makes the job of it.
    fn write(
        &self,
        ledger: &mut Ledger,
        trial: TrialId,
        event: &Event,
    ) -> Result<Errand, StudyError> {
        let before = ledger.history().len();
        match ledger.append(event) {
            Ok(()) => Ok(Errand::Run(self.task(ledger, trial))),
            Err(AppendError::Refused(refused)) if ledger.history().len() == before => {
                let strategy = self.setup.strategy.name.clone();
                Err(StudyError::BadResume { strategy, refused })
            }
            // Another process was faster: look again.
            Err(AppendError::Refused(_)) => Ok(Errand::Wait),
            Err(error) => Err(error.into()),
        }
    }

    fn task(&self, ledger: &Ledger, id: TrialId) -> Task {
        let trial = ledger.history().trial(id).expect("it was just started");
        let attempt = trial.attempts().last().expect("it was just started");
        let repeated = trial.origin().seed();
        let job = Job {
            trial: id,
            attempt: u32::try_from(trial.attempts().len()).unwrap_or(u32::MAX),
            reported: trial.reports().last().map(|report| report.step),
            config: trial.config().clone(),
            seed: repeated.unwrap_or_else(|| trial_seed(self.setup.seed, id)).into(),
            is_repeat: repeated.is_some(),
            until: trial.until(),
            fork: trial.fork(),
            begins_after: trial.begins_after(),
            settings: ledger.history().settings_of(trial.stage()).cloned().unwrap_or_default(),
        };
        Task { job, lease: attempt.lease }
    }

    /// Ends the attempts of workers that are lost, so that their trials are tried again.
    fn release_lost(&self, ledger: &mut Ledger) -> Result<(), StudyError> {
        let now = Instant::now();
        let mut watch = self.watch();
        if !watch.is_due(now) {
            return Ok(());
        }
        let running: Vec<_> = ledger
            .history()
            .in_state(State::Running)
            .filter_map(|trial| Some((trial.id(), trial.attempts().last()?.clone())))
            .filter(|(_, attempt)| attempt.worker != self.worker)
            .collect();
        for (id, attempt) in running {
            let pulse = ledger.storage().lock().pulse(&attempt.worker)?;
            if watch.is_lost(&attempt.worker, pulse, now, self.settings.lease) {
                self.release(ledger, id, &attempt)?;
            }
        }
        Ok(())
    }

    /// Ends the attempts that an earlier run of this worker left when it ended with an error.
    pub(crate) fn release_own(&self) -> Result<(), StudyError> {
        let mut ledger = self.ledger();
        ledger.catch_up()?;
        let running: Vec<_> = ledger
            .history()
            .in_state(State::Running)
            .filter_map(|trial| Some((trial.id(), trial.attempts().last()?.clone())))
            .filter(|(_, attempt)| attempt.worker == self.worker)
            .collect();
        running.iter().try_for_each(|(id, attempt)| self.release(&mut ledger, *id, attempt))
    }

    /// Ends an attempt that nobody runs any more.
    fn release(
        &self,
        ledger: &mut Ledger,
        id: TrialId,
        attempt: &Attempt,
    ) -> Result<(), StudyError> {
        let trial = ledger.history().trial(id).expect("it runs");
        let outcome = match attempt.verdict {
            Some(Verdict::Stop) => Outcome::Pruned,
            // Nobody knows whether one that was to pause has saved what it goes on with: it comes to
            // its pause again. So does one that was to end with its best report, which may be lost.
            _ => {
                let message = format!("its runner {} was lost", attempt.worker);
                let failure = Failure::new(FailureKind::Preempted, message);
                let retry = self.settings.retries.allow(trial, failure.kind);
                Outcome::Failed { failure, retry }
            }
        };
        let event = Event::Finished {
            trial: id,
            lease: attempt.lease,
            outcome,
            seconds: 0.0, // nobody knows how long it ran
            peak_memory: None,
        };
        match ledger.append(&event) {
            Ok(()) | Err(AppendError::Refused(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Another process may have opened the study with another strategy: two strategies in one log
    /// at once could not be replayed.
    fn check_setup(&self, ledger: &Ledger) -> Result<(), StudyError> {
        match ledger.history().setup() {
            Some(now) if !asks_alike(now, &self.setup) => Err(StudyError::Changed {
                study: self.setup.name.clone(),
                what: "strategy, pruner, seed, constraints, budget, confidence or confirmation",
                difference: "another process has changed it while this one ran".to_owned(),
            }),
            _ => Ok(()),
        }
    }
}

/// Whether the configuration was observed elsewhere.
fn is_known(ledger: &Ledger, config: &Config) -> bool {
    ledger.history().trials().iter().any(|trial| trial.config() == config)
}

/// Whether a strategy learns the same and asks the same under both setups.
fn asks_alike(one: &Setup, other: &Setup) -> bool {
    one.strategy == other.strategy
        && one.pruner == other.pruner
        && one.seed == other.seed
        && one.constraints == other.constraints
        && one.space == other.space
        && one.stages == other.stages
        && one.repeat == other.repeat
        && one.confirm == other.confirm
        && one.budget == other.budget
}

/// Trials that run may still fail and have to be tried again.
fn end_or_wait(ledger: &Ledger) -> Errand {
    if ledger.history().in_state(State::Running).next().is_some() {
        Errand::Wait
    } else {
        Errand::End
    }
}
