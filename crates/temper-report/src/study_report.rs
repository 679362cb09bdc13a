//! A study as one JSON object.

use std::collections::BTreeSet;

use serde::Serialize;
use temper_core::{
    Config, Constraint, Failure, Goal, History, Loss, Metrics, Origin, Remark, State, Step, Trial,
    TrialId, Verdict,
};

use crate::{ConfirmationReport, Segment, best_trial, confirmation, lineage, pareto_front, ranked};

/// A study: what `temper show --json` prints.
#[derive(Clone, Debug, Serialize)]
pub struct StudyReport<'a> {
    /// The study's name.
    pub study: &'a str,
    /// What is wanted, the primary goal first.
    pub goals: &'a [Goal],
    /// What a trial has to keep besides.
    #[serde(skip_serializing_if = "<[Constraint]>::is_empty")]
    pub constraints: &'a [Constraint],
    /// All trials, best first.
    pub trials: Vec<TrialReport<'a>>,
    /// The best completed trial that keeps the constraints: the winner of the confirmation, once
    /// that is over.
    pub best: Option<TrialReport<'a>>,
    /// How the best compare under further seeds, if the study wants to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<ConfirmationReport>,
}

/// A trial. Values are in the user's direction.
#[derive(Clone, Debug, Serialize)]
pub struct TrialReport<'a> {
    /// Its number.
    pub id: TrialId,
    /// Where it stands.
    pub state: State,
    /// Why it failed.
    pub failure: Option<&'a Failure>,
    /// What was tried.
    pub params: &'a Config,
    /// Its primary value: the result, or the last one reported.
    pub value: Option<f64>,
    /// One value per goal, if there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<f64>,
    /// Whether it keeps the constraints, if it has completed and there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feasible: Option<bool>,
    /// Whether it is on the Pareto front, if it has completed and there are several goals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pareto: Option<bool>,
    /// What else came with its result and is in no report.
    #[serde(skip_serializing_if = "Metrics::is_empty")]
    pub metrics: &'a Metrics,
    /// How long it took, all attempts together.
    pub seconds: f64,
    /// What it reported, step by step.
    pub reports: Vec<ReportRow<'a>>,
    /// Who proposed it: `default`, `strategy`, `observed`, `repeat` or `confirmation`.
    pub origin: &'static str,
    /// The trial whose configuration it runs again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeats: Option<TrialId>,
    /// The seed of a run that repeats a configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
    /// How many runs of its configuration have completed, if it ran again in the search.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runs: Option<usize>,
    /// The mean of its primary value over them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// The standard error of that mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standard_error: Option<f64>,
    /// Its stage, if the study has stages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<&'a str>,
    /// Of a fork, whose checkpoint it began with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fork: Option<ForkRow>,
    /// Of a fork, all that led to it: the schedule of the parameters that changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub schedule: Vec<Segment>,
    /// What its strategy says about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'a str>,
    /// How many attempts it took.
    pub attempts: usize,
    /// Why it was stopped or paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'a str>,
    /// Each pause, each promotion, and an early end, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<Decision<'a>>,
    /// The most memory that it was seen to use, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_memory: Option<u64>,
}

/// Where a fork begins.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ForkRow {
    /// The trial whose checkpoint it began with.
    pub from: TrialId,
    /// The step of that checkpoint.
    pub step: Step,
    /// The trial whose place it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<TrialId>,
}

/// What was decided about a trial.
#[derive(Clone, Debug, Serialize)]
pub struct Decision<'a> {
    /// The step of the report that it is about.
    pub step: Step,
    /// What became of it.
    pub verdict: Verdict,
    /// Why.
    pub reason: &'a str,
}

impl<'a> Decision<'a> {
    fn of(remark: &'a Remark) -> Self {
        Self { step: remark.step, verdict: remark.verdict, reason: &remark.reason }
    }
}

/// One report of a trial.
#[derive(Clone, Debug, Serialize)]
pub struct ReportRow<'a> {
    /// The step reported for.
    pub step: Step,
    /// The primary value.
    pub value: Option<f64>,
    /// What else was reported.
    #[serde(flatten)]
    pub metrics: &'a Metrics,
}

impl<'a> StudyReport<'a> {
    /// Makes the report.
    #[must_use]
    pub fn new(study: &'a str, goals: &'a [Goal], history: &'a History) -> Self {
        let front: BTreeSet<_> = pareto_front(history).iter().map(|trial| trial.id()).collect();
        let report = |trial: &'a Trial| TrialReport {
            pareto: (goals.len() > 1 && trial.state() == State::Completed)
                .then(|| front.contains(&trial.id())),
            stage: trial.stage().and_then(|index| {
                let stage = history.setup()?.stages.get(usize::try_from(index).ok()?)?;
                Some(stage.name.as_str())
            }),
            ..TrialReport::new(goals, history, trial)
        };
        let constraints = history.setup().map_or(&[][..], |setup| &setup.constraints);
        let trials = ranked(history).into_iter().map(report).collect();
        let confirmation = confirmation(history);
        Self {
            study,
            goals,
            constraints,
            trials,
            best: best_trial(history, confirmation.as_ref()).map(report),
            confirmation: confirmation.map(|it| ConfirmationReport::new(&it, goals, history)),
        }
    }
}

impl<'a> TrialReport<'a> {
    /// Makes the report of one trial.
    #[must_use]
    pub fn new(goals: &'a [Goal], history: &History, trial: &'a Trial) -> Self {
        let values = values(goals, trial.losses());
        let is_bound = history.setup().is_some_and(|setup| !setup.constraints.is_empty());
        let is_judged = is_bound && trial.state() == State::Completed;
        let sample = history.sample(trial).filter(|_| !trial.repeats().is_empty());
        Self {
            id: trial.id(),
            state: trial.state(),
            failure: trial.failure(),
            params: trial.config(),
            value: values.first().copied(),
            values: if goals.len() > 1 { values } else { Vec::new() },
            feasible: is_judged.then(|| history.is_feasible(trial)),
            pareto: None,
            metrics: trial.metrics(),
            seconds: trial.seconds(),
            reports: trial
                .reports()
                .iter()
                .map(|report| ReportRow {
                    step: report.step,
                    value: values_first(goals, &report.losses),
                    metrics: &report.metrics,
                })
                .collect(),
            origin: origin(trial.origin()),
            repeats: trial.origin().of(),
            seed: trial.origin().seed(),
            runs: sample.map(|sample| sample.count()),
            mean: sample.and_then(|it| Some(goals.first()?.value(Loss::new(it.mean()).ok()?))),
            standard_error: sample.and_then(|sample| sample.standard_error()),
            stage: None,
            fork: trial.fork().map(|fork| ForkRow {
                from: fork.from,
                step: trial.begins_after(),
                replaces: fork.replaces,
            }),
            schedule: if trial.fork().is_some() {
                lineage(goals, history, trial)
            } else {
                Vec::new()
            },
            note: trial.note(),
            attempts: trial.attempts().len(),
            reason: trial.reason(),
            decisions: trial.remarks().iter().map(Decision::of).collect(),
            peak_memory: trial.peak_memory(),
        }
    }
}

fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Default => "default",
        Origin::Strategy => "strategy",
        Origin::Observed => "observed",
        Origin::Repeat { .. } => "repeat",
        Origin::Confirmation { .. } => "confirmation",
    }
}

fn values(goals: &[Goal], losses: &[Loss]) -> Vec<f64> {
    goals.iter().zip(losses).map(|(goal, loss)| goal.value(*loss)).collect()
}

fn values_first(goals: &[Goal], losses: &[Loss]) -> Option<f64> {
    Some(goals.first()?.value(*losses.first()?))
}
