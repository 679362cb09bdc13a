//! What an earlier study has found, for a study that has yet to begin.

use std::collections::{BTreeMap, BTreeSet};

use temper_core::{
    Config, Event, FailureKind, History, Metrics, Origin, Outcome, Setup, State, Trial, Value,
};
use temper_space::{Domain, Param, Space};

use crate::ledger::{AppendError, Ledger};
use crate::same_search::goals;
use crate::{Study, StudyError};

/// The trials of an earlier study that a study can take over, as trials of its own space.
///
/// Completed trials are taken, and failed ones that ran out of memory or diverged: these say
/// something about their configuration. A configuration that ran several times is one trial, with the
/// means. A trial that went on from the checkpoint of another one is not: its parameters trained only
/// a part of it. A parameter that the earlier trial lacks has its default;
/// one that this space lacks is dropped if all earlier trials that had it gave it the same value.
/// A trial that does not fit is left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WarmStart {
    observations: Vec<Observation>,
    left_out: BTreeMap<String, u64>,
}

/// A trial to take over.
#[derive(Clone, Debug, PartialEq)]
struct Observation {
    config: Config,
    outcome: Outcome,
    seconds: f64,
    peak_memory: Option<u64>,
    /// Where it comes from; no two have the same.
    note: String,
}

/// Why nothing can be taken over from an earlier study.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WarmStartError {
    /// Its log is empty.
    #[error("`{study}` holds no study")]
    Empty {
        /// The earlier study.
        study: String,
    },
    /// Its losses mean something else.
    #[error("`{study}` was to {before}, this study is to {now}")]
    OtherGoals {
        /// The earlier study.
        study: String,
        /// Its goals.
        before: String,
        /// The goals of this study.
        now: String,
    },
}

impl WarmStart {
    /// Finds what a study of that setup and space can take over from an earlier one.
    ///
    /// # Errors
    ///
    /// If the earlier study has other goals, or is none.
    pub fn new(
        source: &str,
        earlier: &History,
        setup: &Setup,
        space: &Space,
    ) -> Result<Self, WarmStartError> {
        let study = source.to_owned();
        let Some(before) = earlier.setup() else {
            return Err(WarmStartError::Empty { study });
        };
        if before.goals != setup.goals {
            let (before, now) = (goals(&before.goals), goals(&setup.goals));
            return Err(WarmStartError::OtherGoals { study, before, now });
        }
        let dropped = dropped(earlier, before, space);
        let mut start = Self::default();
        for trial in earlier.trials().iter().filter(|trial| !trial.origin().is_repeat()) {
            let taken = outcome(earlier, trial, setup)
                .and_then(|outcome| Ok((config(trial.config(), space, &dropped)?, outcome)));
            match taken {
                Ok((config, outcome)) => start.observations.push(Observation {
                    config,
                    outcome,
                    seconds: trial.seconds(),
                    peak_memory: trial.peak_memory(),
                    note: format!("trial {} of {source}", trial.id()),
                }),
                Err(reason) => *start.left_out.entry(reason).or_default() += 1,
            }
        }
        Ok(start)
    }

    /// How many trials can be taken over.
    #[must_use]
    pub fn len(&self) -> usize {
        self.observations.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.observations.is_empty()
    }

    /// How many trials are left out, by the reason.
    #[must_use]
    pub fn left_out(&self) -> &BTreeMap<String, u64> {
        &self.left_out
    }
}

impl Study {
    /// Records the trials as observed, unless that was done before or the study's own trials have
    /// begun; returns how many were new.
    ///
    /// # Errors
    ///
    /// If they can't be recorded.
    pub fn take_over(&self, start: &WarmStart) -> Result<usize, StudyError> {
        self.beat()?;
        let mut ledger = self.ledger();
        ledger.catch_up()?;
        if ledger.history().tried() > 0 {
            return Ok(0);
        }
        let mut known = known(ledger.history());
        let mut taken = 0;
        for observation in &start.observations {
            while !known.contains(&observation.note) {
                match self.record(&mut ledger, observation) {
                    Ok(()) => {
                        taken += 1;
                        known.insert(observation.note.clone());
                    }
                    // Another process began a trial in the same moment: look again.
                    Err(AppendError::Refused(_)) => known = self::known(ledger.history()),
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(taken)
    }

    fn record(&self, ledger: &mut Ledger, observed: &Observation) -> Result<(), AppendError> {
        let trial = ledger.next_trial();
        ledger.append(&Event::Started {
            trial,
            config: observed.config.clone(),
            origin: Origin::Observed,
            seen: ledger.history().len(),
            worker: self.worker.clone(),
            until: None,
            fork: None,
            note: Some(observed.note.clone()),
            stage: None,
        })?;
        let started = ledger.history().trial(trial).and_then(|trial| trial.attempts().last());
        ledger.append(&Event::Finished {
            trial,
            lease: started.expect("it was just started").lease,
            outcome: observed.outcome.clone(),
            seconds: observed.seconds,
            peak_memory: observed.peak_memory,
        })
    }
}

/// Where the trials that were taken over come from.
fn known(history: &History) -> BTreeSet<String> {
    let observed = history.trials().iter().filter(|trial| trial.origin() == Origin::Observed);
    observed.filter_map(Trial::note).map(str::to_owned).collect()
}

/// The parameters of the earlier study that the space lacks, with the value that each always had;
/// `None` if there were several.
type Dropped<'a> = BTreeMap<&'a str, Option<&'a Value>>;

fn dropped<'a>(earlier: &'a History, before: &'a Setup, space: &Space) -> Dropped<'a> {
    let only_value = |name: &str| {
        let mut values = earlier.trials().iter().filter_map(|trial| trial.config().get(name));
        let first = values.next()?;
        values.all(|value| value == first).then_some(first)
    };
    let params = before.space.0.iter().filter(|(_, param)| param.derive.is_none());
    params
        .map(|(name, _)| name.as_str())
        .filter(|name| !space.spec().0.contains_key(*name))
        .map(|name| (name, only_value(name)))
        .collect()
}

/// How the trial ended, as it is recorded here.
fn outcome(earlier: &History, trial: &Trial, setup: &Setup) -> Result<Outcome, String> {
    if trial.fork().is_some() {
        return Err("it went on from the checkpoint of another trial".to_owned());
    }
    match (trial.state(), trial.failure()) {
        (State::Completed, _) => {}
        (_, Some(failure))
            if matches!(failure.kind, FailureKind::OutOfMemory | FailureKind::Diverged) =>
        {
            return Ok(Outcome::Failed { failure: failure.clone(), retry: false });
        }
        (_, Some(failure)) => return Err(format!("failed: {}", failure.kind)),
        (state, None) => return Err(state.to_string()),
    }
    let reported = trial.reports().iter().flat_map(|report| &report.metrics);
    let mut metrics: Metrics =
        reported.chain(trial.metrics()).map(|(name, value)| (name.clone(), *value)).collect();
    let is_goal = |name: &str| setup.goals.iter().any(|goal| goal.metric == name);
    let bounded = setup.constraints.iter().map(temper_core::Constraint::metric);
    for name in bounded.filter(|name| !is_goal(name)) {
        let mean = earlier.mean_metric(trial, name);
        metrics.insert(name.to_owned(), mean.ok_or(format!("no `{name}` was reported"))?);
    }
    Ok(Outcome::Completed { losses: earlier.mean_losses(trial), metrics })
}

/// The earlier configuration as one of the space.
fn config(earlier: &Config, space: &Space, dropped: &Dropped<'_>) -> Result<Config, String> {
    let is_lost = |name: &str| matches!(dropped.get(name), Some(None));
    if let Some((name, _)) = earlier.iter().find(|(name, _)| is_lost(name)) {
        return Err(format!("`{name}` varied there and is not in this space"));
    }
    let mut config = Config::new();
    for param in space.params() {
        if param.condition().is_none_or(|condition| condition.holds(&config)) {
            config.insert(param.name(), value(param, earlier)?);
        }
    }
    let mut params = space.params().iter().map(Param::name);
    if let Some(name) = params.find(|name| earlier.contains(name) && !config.contains(name)) {
        return Err(format!("`{name}` does not exist here beside the other values"));
    }
    let config = space.complete(config).map_err(|_| "not allowed by this space".to_owned())?;
    let mut derived = space.derived().iter().map(temper_space::Derived::name);
    match derived.find(|name| earlier.contains(name) && earlier.get(name) != config.get(name)) {
        Some(name) => Err(format!("`{name}` was computed otherwise")),
        None => Ok(config),
    }
}

/// What an earlier configuration has for a parameter, or else the parameter's default.
fn value(param: &Param, earlier: &Config) -> Result<Value, String> {
    let name = param.name();
    match (earlier.get(name), param.default(), param.domain()) {
        (Some(value), _, domain) => {
            domain.canonical(value).ok_or_else(|| format!("`{name}` was not among {domain}"))
        }
        (None, Some(default), _) => Ok(default.clone()),
        (None, None, Domain::Const(value)) => Ok(value.clone()),
        (None, None, _) => Err(format!("it had no `{name}`, which has no default")),
    }
}
