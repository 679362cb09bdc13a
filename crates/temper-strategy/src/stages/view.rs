//! The study as the strategy of one stage sees it.

use std::collections::BTreeMap;

use temper_core::{
    Config, Event, Fidelity, Fork, History, Lease, Loss, Next, Origin, Outcome, Rng, Setup, Step,
    Strategy, StrategyError, Trial, TrialId,
};
use temper_space::{Space, SpaceSpec};

use super::levels::Levels;

/// A name that no parameter has, in the configurations of other fidelities: a configuration that
/// was tried with fewer steps is not one that was tried.
const FIDELITY: &str = " fidelity";

/// What a stage sees of the study.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lens {
    /// Its index.
    pub(super) stage: u32,
    /// Its part of the space.
    pub(super) space: SpaceSpec,
    /// The fidelity of its trials.
    pub(super) fidelity: Fidelity,
    /// What is added to losses. Trials of other fidelities are not seen; those of its own run, as
    /// far as it sees.
    pub(super) levels: Levels,
    /// The trials that it may plan for.
    pub(super) trials: Option<u64>,
    /// The last step of its trials, if it is known.
    pub(super) max_steps: Option<Step>,
    /// What its trials may cost together, if that is limited.
    pub(super) limit: Option<f64>,
}

impl Lens {
    fn sees(&self, config: &Config, fidelity: Fidelity, space: &Space) -> bool {
        let is_comparable = fidelity == self.fidelity || self.levels.contains_key(&fidelity);
        is_comparable && space.validate(config).is_ok()
    }

    /// Whether the trial is seen, in this space, as one that costs: not as one that was observed
    /// elsewhere.
    pub(super) fn pays(&self, trial: &Trial, space: &Space, history: &History) -> bool {
        let sees = |trial: &Trial| {
            let fidelity = history.fidelity(trial);
            self.levels.contains_key(&fidelity) && self.sees(trial.config(), fidelity, space)
        };
        let origin = trial.origin();
        let is_seen_by_it = match origin.of() {
            Some(of) => history.trial(of).is_some_and(sees),
            None => origin.is_repeat() || trial.stage() == Some(self.stage),
        };
        sees(trial) && is_seen_by_it
    }
}

/// A strategy that has been told what is seen through a lens: earlier trials in its part of the
/// space are trials that were observed elsewhere.
#[derive(Debug)]
pub(super) struct View {
    lens: Lens,
    space: Space,
    history: History,
    strategy: Box<dyn Strategy>,
    /// How many events of the study were read.
    read: usize,
    /// The trials that are seen, in the order of their numbers here.
    seen: Vec<TrialId>,
    /// What each of them is here, and its last lease.
    here: BTreeMap<TrialId, (TrialId, Lease)>,
}

impl View {
    pub(super) fn new(lens: Lens, space: Space, strategy: Box<dyn Strategy>) -> Self {
        let (history, seen, here) = (History::new(), Vec::new(), BTreeMap::new());
        Self { lens, space, history, strategy, read: 0, seen, here }
    }

    pub(super) fn lens(&self) -> &Lens {
        &self.lens
    }

    /// Reads what is new in the log, whose trials are those of the history.
    pub(super) fn read(&mut self, log: &[Event], history: &History) {
        for event in &log[self.read..] {
            let Some(event) = self.translate(event, history) else { continue };
            // An event that does not follow here, because what it follows is not seen, is not seen.
            if self.history.apply(&event).is_ok() {
                self.strategy.tell(&event);
            }
        }
        self.read = log.len();
    }

    /// What the strategy wants next, in the study's words.
    pub(super) fn ask(&mut self, rng: &mut Rng) -> Result<Next, StrategyError> {
        let stage = Some(self.lens.stage);
        let real =
            |id: TrialId| usize::try_from(id.0).ok().and_then(|it| self.seen.get(it).copied());
        let here = |fork: Fork| {
            Some(Fork { from: real(fork.from)?, replaces: fork.replaces.and_then(real) })
        };
        Ok(match self.strategy.ask(&self.space, &self.history, rng)? {
            Next::Start { mut config, until, fork, note, .. } => {
                config.remove(FIDELITY);
                Next::Start { config, until, fork: fork.and_then(here), note, stage }
            }
            Next::Resume { trial, until, note } => match real(trial) {
                Some(trial) => Next::Resume { trial, until, note },
                None => Next::Wait,
            },
            other => other,
        })
    }

    fn translate(&mut self, event: &Event, history: &History) -> Option<Event> {
        match event {
            Event::Opened(setup) => Some(Event::Opened(self.setup(setup))),
            Event::Started { trial, config, origin, worker, note, stage, .. } => {
                let fidelity = history.fidelity_of(*stage);
                if !self.lens.sees(config, fidelity, &self.space) {
                    return None;
                }
                let is_own = *stage == Some(self.lens.stage);
                let origin = self.origin(*origin, is_own)?;
                let here = TrialId(self.seen.len() as u64);
                self.seen.push(*trial);
                self.here.insert(*trial, (here, Lease(self.history.len())));
                Some(Event::Started {
                    trial: here,
                    config: self.marked(config, fidelity),
                    origin,
                    seen: self.history.len(),
                    worker: worker.clone(),
                    until: None,
                    fork: None,
                    note: note.clone().filter(|_| is_own),
                    stage: None,
                })
            }
            Event::Continued { trial, seen, worker, .. } => {
                let next = Lease(self.history.len());
                let (trial, lease) = self.here.get_mut(trial)?;
                let event = Event::Continued {
                    trial: *trial,
                    seen: seen.map(|_| next.0),
                    worker: worker.clone(),
                    until: None,
                    note: None,
                };
                self.history.check(&event).ok()?;
                *lease = next;
                Some(event)
            }
            Event::Reported { trial, step, losses, metrics, .. } => {
                let losses = self.leveled(losses, *trial, history)?;
                let (trial, lease) = *self.here.get(trial)?;
                Some(Event::Reported {
                    trial,
                    lease,
                    step: *step,
                    losses,
                    metrics: metrics.clone(),
                })
            }
            Event::Judged { .. } => None,
            Event::Finished { trial, outcome, seconds, peak_memory, .. } => {
                let outcome = match outcome {
                    Outcome::Completed { losses, metrics } => Outcome::Completed {
                        losses: self.leveled(losses, *trial, history)?,
                        metrics: metrics.clone(),
                    },
                    other => other.clone(),
                };
                let (trial, lease) = *self.here.get(trial)?;
                let (seconds, peak_memory) = (*seconds, *peak_memory);
                Some(Event::Finished { trial, lease, outcome, seconds, peak_memory })
            }
        }
    }

    fn setup(&self, setup: &Setup) -> Setup {
        let mut budget = setup.budget.clone();
        if let Some(costs) = &mut budget.costs {
            costs.limit = self.lens.limit;
        }
        Setup {
            space: self.lens.space.clone(),
            require: self.space.require_spec().clone(),
            pruner: None,
            stages: Vec::new(),
            confirm: None,
            trials: self.lens.trials,
            max_steps: self.lens.max_steps,
            budget,
            ..setup.clone()
        }
    }

    /// The origin as it is seen here; `None` if the trial repeats one that is not seen.
    fn origin(&self, origin: Origin, is_own: bool) -> Option<Origin> {
        let here = |of: TrialId| self.here.get(&of).map(|(here, _)| *here);
        Some(match origin {
            Origin::Repeat { of, seed } => Origin::Repeat { of: here(of)?, seed },
            Origin::Confirmation { of: Some(of), seed } => {
                Origin::Confirmation { of: Some(here(of)?), seed }
            }
            Origin::Confirmation { of: None, .. } => origin,
            _ if is_own => origin,
            _ => Origin::Observed,
        })
    }

    fn marked(&self, config: &Config, fidelity: Fidelity) -> Config {
        let mut config = config.clone();
        if fidelity != self.lens.fidelity {
            config.insert(FIDELITY, format!("{fidelity:?}"));
        }
        config
    }

    /// The losses as they stand beside the others; `None` if they can't.
    fn leveled(&self, losses: &[Loss], trial: TrialId, history: &History) -> Option<Vec<Loss>> {
        let level = self.lens.levels.get(&history.fidelity(history.trial(trial)?))?;
        let add = |(loss, level): (&Loss, &f64)| Loss::new(loss.get() + level).unwrap_or(*loss);
        Some(losses.iter().zip(level).map(add).collect())
    }
}

#[cfg(test)]
mod tests;
