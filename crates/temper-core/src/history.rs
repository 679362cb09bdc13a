//! What a log adds up to, and which events may follow it.

use crate::{
    Attempt, Event, Intake, Lease, Metrics, Origin, Outcome, Remark, Report, Seq, Setup, State,
    Trial, TrialId, Verdict, WorkerId,
};

mod feasible;
mod fidelity;
mod fork;
mod front;
mod runs;

pub(crate) use feasible::are_kept;
pub use fidelity::Fidelity;

use fork::replace;

/// The trials of a study, folded from its events in their order.
///
/// Every rule about what may be written is here, as a pure function of the log: a worker whose
/// lease was taken over is refused wherever it writes to.
#[derive(Clone, Debug, Default)]
pub struct History {
    length: Seq,
    proposals: u64,
    tried: u64,
    ordinals: u64,
    setup: Option<Setup>,
    trials: Vec<Trial>,
}

/// An event that does not follow from the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A trial that was never started.
    #[error("trial {trial} was never started")]
    UnknownTrial {
        /// The number given.
        trial: TrialId,
    },
    /// A new trial whose number is not the next one.
    #[error("trial {trial} is not the next one, {next}")]
    NotNext {
        /// The number given.
        trial: TrialId,
        /// The number due.
        next: TrialId,
    },
    /// A write under a lease that is no longer the trial's.
    #[error("lease {} of trial {trial} was taken over", lease.0)]
    Fenced {
        /// The trial.
        trial: TrialId,
        /// The lease given.
        lease: Lease,
    },
    /// A resumption that was decided before the trial's last attempt ended.
    #[error("trial {trial} has run again since position {seen}")]
    Stale {
        /// The trial.
        trial: TrialId,
        /// What the strategy had seen.
        seen: Seq,
    },
    /// An event that does not fit the trial's state.
    #[error("trial {trial} is {state}")]
    WrongState {
        /// The trial.
        trial: TrialId,
        /// Its state.
        state: State,
    },
}

impl History {
    /// The history of an empty log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of events seen.
    #[must_use]
    pub fn len(&self) -> Seq {
        self.length
    }

    /// Whether nothing has happened yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The number of proposals so far: trials started, and paused trials that were promoted.
    /// It is the random stream of the next proposal: retries and interruptions don't change what
    /// is proposed after them.
    #[must_use]
    pub fn proposals(&self) -> u64 {
        self.proposals
    }

    /// The last setup recorded.
    #[must_use]
    pub fn setup(&self) -> Option<&Setup> {
        self.setup.as_ref()
    }

    /// All trials; a trial's number is its index.
    #[must_use]
    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }

    /// How many trials the study has begun itself: what its number of trials limits. Those that it
    /// observed elsewhere, those that go on from the checkpoint of another and the repeats of
    /// configurations are not counted.
    #[must_use]
    pub fn tried(&self) -> u64 {
        self.tried
    }

    /// Whether there are fewer trials than the study wants.
    #[must_use]
    pub fn intake(&self) -> Intake {
        let trials = self.setup.as_ref().and_then(|setup| setup.trials);
        match trials {
            Some(trials) if self.tried >= trials => Intake::Closed,
            _ if self.target_is_reached() => Intake::Closed,
            _ => Intake::Open,
        }
    }

    /// One trial.
    #[must_use]
    pub fn trial(&self, id: TrialId) -> Option<&Trial> {
        self.trials.get(usize::try_from(id.0).ok()?)
    }

    /// The trials in a state, in the order of their numbers.
    pub fn in_state(&self, state: State) -> impl Iterator<Item = &Trial> {
        self.trials.iter().filter(move |trial| trial.state == state)
    }

    /// Whether the event may follow.
    ///
    /// # Errors
    ///
    /// [`Refused`], with the rule that it would break.
    pub fn check(&self, event: &Event) -> Result<(), Refused> {
        match event {
            Event::Opened(_) => Ok(()),
            Event::Started { trial, origin, fork, .. } => {
                let next = TrialId(self.trials.len() as u64);
                if *trial != next {
                    return Err(Refused::NotNext { trial: *trial, next });
                }
                fork.map_or(Ok(()), |fork| self.check_fork(fork))?;
                origin.of().map_or(Ok(()), |of| self.known(of).map(drop))
            }
            Event::Continued { trial, seen, .. } => {
                let known = self.known(*trial)?;
                if !matches!(known.state, State::Waiting | State::Paused) {
                    return Err(Refused::WrongState { trial: *trial, state: known.state });
                }
                match *seen {
                    Some(seen) if seen <= known.ended => {
                        Err(Refused::Stale { trial: *trial, seen })
                    }
                    // Nobody tries again what has only paused: somebody has to want it to go on.
                    None if known.state == State::Paused => {
                        Err(Refused::WrongState { trial: *trial, state: known.state })
                    }
                    _ => Ok(()),
                }
            }
            Event::Reported { trial, lease, .. }
            | Event::Judged { trial, lease, .. }
            | Event::Finished { trial, lease, .. } => self.held(*trial, *lease).map(|_| ()),
        }
    }

    /// Adds the event.
    ///
    /// # Errors
    ///
    /// As [`History::check`]; the history is then unchanged.
    pub fn apply(&mut self, event: &Event) -> Result<(), Refused> {
        self.check(event)?;
        let position = self.length;
        let lease = Lease(position);
        self.length += 1;
        match event {
            Event::Opened(setup) => self.setup = Some(setup.clone()),
            Event::Started { trial, config, origin, worker, until, fork, note, stage, .. } => {
                self.proposals += 1;
                self.tried += u64::from(origin.counts() && fork.is_none());
                let begins_after = fork.map_or(0, |fork| self.last_step(fork.from));
                if let Some(replaced) = fork.and_then(|fork| fork.replaces) {
                    self.change(replaced, |replaced| replace(replaced, *trial));
                }
                if let Origin::Repeat { of, .. } = origin {
                    self.change(*of, |repeated| repeated.repeats.push(*trial));
                }
                let ordinal = self.ordinals;
                self.ordinals += u64::from(!origin.is_repeat());
                self.trials.push(Trial {
                    id: *trial,
                    config: config.clone(),
                    origin: *origin,
                    ordinal,
                    repeats: Vec::new(),
                    state: State::Running,
                    until: *until,
                    fork: *fork,
                    begins_after,
                    note: note.clone(),
                    stage: *stage,
                    attempts: vec![attempt(lease, worker)],
                    ended: position,
                    reports: Vec::new(),
                    losses: Vec::new(),
                    metrics: Metrics::new(),
                    failures: Vec::new(),
                    remarks: Vec::new(),
                    seconds: 0.0,
                    peak_memory: None,
                });
            }
            Event::Continued { trial, seen, worker, until, note } => {
                self.proposals += u64::from(seen.is_some());
                self.change(*trial, |trial| {
                    trial.state = State::Running;
                    trial.until = *until;
                    trial.attempts.push(attempt(lease, worker));
                    let step = trial.last_step();
                    let promoted = note.clone();
                    trial.remarks.extend(promoted.map(|reason| Remark {
                        step,
                        verdict: Verdict::Continue,
                        reason,
                    }));
                });
            }
            Event::Reported { trial, step, losses, metrics, .. } => {
                self.change(*trial, |trial| {
                    trial.reports.retain(|report| report.step < *step);
                    trial.reports.push(Report {
                        step: *step,
                        losses: losses.clone(),
                        metrics: metrics.clone(),
                    });
                });
            }
            Event::Judged { trial, step, verdict, reason, .. } => {
                let remark = Remark { step: *step, verdict: *verdict, reason: reason.clone() };
                self.change(*trial, |trial| {
                    trial.remarks.push(remark);
                    if let Some(attempt) = trial.attempts.last_mut() {
                        attempt.verdict = Some(*verdict).filter(|it| *it != Verdict::Continue);
                    }
                });
            }
            Event::Finished { trial, outcome, seconds, peak_memory, .. } => {
                self.change(*trial, |trial| {
                    trial.seconds += seconds;
                    trial.peak_memory = trial.peak_memory.max(*peak_memory);
                    trial.ended = position;
                    end(trial, outcome);
                });
            }
        }
        Ok(())
    }

    fn known(&self, trial: TrialId) -> Result<&Trial, Refused> {
        self.trial(trial).ok_or(Refused::UnknownTrial { trial })
    }

    /// The trial, if it runs under that lease.
    fn held(&self, trial: TrialId, lease: Lease) -> Result<&Trial, Refused> {
        let known = self.known(trial)?;
        if known.attempts.last().is_none_or(|attempt| attempt.lease != lease) {
            return Err(Refused::Fenced { trial, lease });
        }
        if known.state != State::Running {
            return Err(Refused::WrongState { trial, state: known.state });
        }
        Ok(known)
    }

    fn change(&mut self, trial: TrialId, change: impl FnOnce(&mut Trial)) {
        let index = usize::try_from(trial.0).expect("checked: the trial is in the list");
        change(&mut self.trials[index]);
    }
}

fn attempt(lease: Lease, worker: &WorkerId) -> Attempt {
    Attempt { lease, worker: worker.clone(), verdict: None }
}

fn end(trial: &mut Trial, outcome: &Outcome) {
    trial.state = match outcome {
        Outcome::Completed { losses, metrics } => {
            trial.losses.clone_from(losses);
            trial.metrics.clone_from(metrics);
            State::Completed
        }
        Outcome::Pruned => State::Pruned,
        Outcome::Paused => State::Paused,
        Outcome::Failed { failure, retry } => {
            trial.failures.push(failure.clone());
            if *retry { State::Waiting } else { State::Failed }
        }
    };
}

#[cfg(test)]
mod tests;
