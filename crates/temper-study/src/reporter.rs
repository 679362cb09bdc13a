//! What an objective reports to: writes its reports to the log and tells it when to end.

use std::ops::ControlFlow;
use std::sync::MutexGuard;

use temper_core::{
    Event, Failure, FailureKind, Goal, Halt, Judgement, Lease, Loss, Metrics, NotFinite,
    ObjectiveError, Outcome, Reporter, Step, Trial, TrialId, Verdict, judge,
};

use crate::ledger::{AppendError, Ledger};
use crate::{Study, StudyError};

/// The reporter of one attempt.
pub(crate) struct TrialReporter<'a> {
    study: &'a Study,
    trial: TrialId,
    lease: Lease,
    ending: Option<Ending>,
    peak_memory: Option<u64>,
}

/// Why an attempt was told to end.
enum Ending {
    Judged(Verdict),
    Failed(Failure),
    Interrupted,
    /// The trial belongs to somebody else now.
    Fenced,
    Broken(StudyError),
}

impl<'a> TrialReporter<'a> {
    pub(crate) fn new(study: &'a Study, trial: TrialId, lease: Lease) -> Self {
        Self { study, trial, lease, ending: None, peak_memory: None }
    }

    pub(crate) fn peak_memory(&self) -> Option<u64> {
        self.peak_memory
    }

    /// How the attempt ended, given what its objective returned; `None` if it was taken over.
    pub(crate) fn end(
        self,
        result: Result<Vec<f64>, ObjectiveError>,
    ) -> Result<Option<Outcome>, StudyError> {
        let (study, trial) = (self.study, self.trial);
        let outcome = match self.ending {
            None => match result {
                Ok(values) => study.complete(trial, &values),
                Err(ObjectiveError::Failed(failure)) => Err(failure),
                Err(ObjectiveError::Unable(reason)) => {
                    return Err(StudyError::Unable { trial, reason });
                }
            },
            Some(Ending::Judged(Verdict::Complete)) => study.complete(trial, &[]),
            Some(Ending::Judged(Verdict::Pause)) => match result {
                Err(ObjectiveError::Failed(failure)) => Err(failure), // as it saved
                _ => Ok(Outcome::Paused),
            },
            Some(Ending::Judged(_)) => Ok(Outcome::Pruned),
            Some(Ending::Failed(failure)) => Err(failure),
            Some(Ending::Interrupted) => {
                let failure = Failure::new(FailureKind::Preempted, "the study was interrupted");
                Ok(Outcome::Failed { failure, retry: true }) // however often
            }
            Some(Ending::Fenced) => return Ok(None),
            Some(Ending::Broken(error)) => return Err(error),
        };
        Ok(Some(outcome.unwrap_or_else(|failure| study.fail(trial, failure))))
    }

    fn stop(&mut self, ending: Ending) -> ControlFlow<Halt> {
        let halt = match ending {
            Ending::Judged(Verdict::Pause) => Halt::Pause,
            Ending::Judged(_) | Ending::Failed(_) => Halt::Stop,
            Ending::Interrupted | Ending::Fenced | Ending::Broken(_) => Halt::Interrupt,
        };
        self.ending = Some(ending);
        ControlFlow::Break(halt)
    }

    fn write(&self, event: &Event) -> Result<MutexGuard<'_, Ledger>, Ending> {
        self.study.append_patiently(event).map_err(|error| match error {
            AppendError::Refused(_) => Ending::Fenced,
            AppendError::Storage(_) => Ending::Broken(error.into()),
        })
    }

    /// Writes that a fork has what it begins with, unless that is known.
    fn record_fork(&self) -> Result<(), Ending> {
        let Self { trial, lease, .. } = *self;
        let beginning = {
            let ledger = self.study.ledger();
            let known = ledger.history().trial(trial).filter(|known| !known.has_begun());
            known.and_then(|known| Some((known.begins_after(), known.fork()?)))
        };
        let Some((step, fork)) = beginning else {
            return Ok(());
        };
        let verdict = Verdict::Continue;
        let reason = format!("it has what trial {} had saved", fork.from);
        self.write(&Event::Judged { trial, lease, step, verdict, reason }).map(drop)
    }

    /// Writes the report, and the verdict unless it is to go on.
    fn record(&self, step: Step, losses: Vec<Loss>, metrics: &Metrics) -> Result<Verdict, Ending> {
        let Self { trial, lease, .. } = *self;
        let metrics = metrics.clone();
        let ledger = self.write(&Event::Reported { trial, lease, step, losses, metrics })?;
        let pruner = self.study.pruner.as_deref();
        let Judgement { verdict, reason } = judge(pruner, trial, step, ledger.history());
        drop(ledger);
        if verdict != Verdict::Continue {
            drop(self.write(&Event::Judged { trial, lease, step, verdict, reason })?);
        }
        Ok(verdict)
    }
}

impl Reporter for TrialReporter<'_> {
    fn report(&mut self, step: Step, values: &[f64], metrics: &Metrics) -> ControlFlow<Halt> {
        self.poll()?;
        let losses = match self.study.losses(values) {
            Ok(losses) => losses,
            Err(mut failure) => {
                failure.message = format!("{} at step {step}", failure.message);
                return self.stop(Ending::Failed(failure));
            }
        };
        let metrics =
            metrics.iter().filter(|(_, value)| value.is_finite()).map(|(k, v)| (k.clone(), *v));
        match self.record(step, losses, &metrics.collect()) {
            Ok(Verdict::Continue) => ControlFlow::Continue(()),
            Ok(verdict) => self.stop(Ending::Judged(verdict)),
            Err(ending) => self.stop(ending),
        }
    }

    fn poll(&mut self) -> ControlFlow<Halt> {
        if let Some(ending) = self.ending.take() {
            return self.stop(ending);
        }
        if self.study.interrupted() {
            return self.stop(Ending::Interrupted);
        }
        if !self.study.holds(self.trial, self.lease) {
            return self.stop(Ending::Fenced);
        }
        ControlFlow::Continue(())
    }

    fn forked(&mut self) -> ControlFlow<Halt> {
        self.poll()?;
        match self.record_fork() {
            Ok(()) => ControlFlow::Continue(()),
            Err(ending) => self.stop(ending),
        }
    }

    fn memory(&mut self, bytes: u64) {
        self.peak_memory = self.peak_memory.max(Some(bytes));
    }
}

impl Study {
    /// Whether the trial still belongs to that attempt, as far as this process has read. While the
    /// ledger is busy, it is taken to.
    fn holds(&self, trial: TrialId, lease: Lease) -> bool {
        let Some(ledger) = self.try_ledger() else {
            return true;
        };
        let held = ledger.history().trial(trial).and_then(|trial| trial.attempts().last());
        held.is_none_or(|attempt| attempt.lease == lease)
    }

    /// One loss per goal.
    fn losses(&self, values: &[f64]) -> Result<Vec<Loss>, Failure> {
        let goals = &self.setup.goals;
        if values.len() != goals.len() {
            let message = format!("{} values for {} goals", values.len(), goals.len());
            return Err(Failure::new(FailureKind::Crashed, message));
        }
        goals
            .iter()
            .zip(values)
            .map(|(goal, value)| {
                goal.loss(*value).map_err(|NotFinite(value)| {
                    let message = format!("`{}` was {value}", goal.metric);
                    Failure::new(FailureKind::Diverged, message)
                })
            })
            .collect()
    }

    /// The result of an attempt that ended by itself; without values, its last report counts. Under
    /// early stopping its best report does, however it ended.
    fn complete(&self, trial: TrialId, values: &[f64]) -> Result<Outcome, Failure> {
        let ledger = self.ledger();
        let history = ledger.history();
        let trial = history.trial(trial);
        let reported = trial.filter(|trial| !trial.reports().is_empty());
        let outcome = match (reported, &self.setup.early_stopping) {
            (Some(trial), Some(early)) => {
                let best = early.best(trial, history).ok_or_else(|| unwatched(&early.watched))?;
                let (losses, metrics) = (best.losses.clone(), best.metrics.clone());
                Outcome::Completed { losses, metrics }
            }
            _ if !values.is_empty() => Outcome::completed(self.losses(values)?),
            (Some(trial), None) => Outcome::completed(trial.losses().to_vec()),
            (None, _) => {
                return Err(Failure::new(FailureKind::Crashed, "it ended without a report"));
            }
        };
        self.lack(trial).map_or(Ok(outcome), Err)
    }

    /// What a trial leaves open that has to be known of it: what it cost, or a constraint.
    fn lack(&self, trial: Option<&Trial>) -> Option<Failure> {
        let goals = &self.setup.goals;
        let is_unknown = |metric: &str| {
            let is_goal = goals.iter().any(|goal| goal.metric == metric);
            !is_goal && trial.is_none_or(|trial| trial.metric(metric).is_none())
        };
        let mut counted = self.settings.budget.metrics();
        if let Some((metric, key)) = counted.find(|(metric, _)| is_unknown(metric)) {
            return Some(unreported(metric, &format!("by which `{key}` is counted"), goals));
        }
        let mut bounds = self.setup.constraints.iter();
        let bound = bounds.find(|constraint| is_unknown(constraint.metric()))?;
        let why = format!("which has to be known for `{bound}`");
        Some(unreported(bound.metric(), &why, goals))
    }

    fn fail(&self, trial: TrialId, failure: Failure) -> Outcome {
        let ledger = self.ledger();
        let retry = ledger
            .history()
            .trial(trial)
            .is_some_and(|trial| self.settings.retries.allow(trial, failure.kind));
        Outcome::Failed { failure, retry }
    }
}

/// The failure of a trial that never reported what early stopping watches.
fn unwatched(watched: &Goal) -> Failure {
    let metric = &watched.metric;
    let message = format!("it ended without a report of `{metric}`, which early stopping watches");
    Failure::new(FailureKind::Crashed, message)
}

/// The failure of a trial that leaves open whether it keeps a constraint, or what it cost.
fn unreported(metric: &str, why: &str, goals: &[Goal]) -> Failure {
    let goal = goals.first().map_or("loss", |goal| &goal.metric);
    let message = format!(
        "it ended without a report of `{metric}`, {why}: \
         report it with the result, as in {{\"{goal}\": 1.5, \"{metric}\": 2.5}}"
    );
    Failure::new(FailureKind::Crashed, message)
}
