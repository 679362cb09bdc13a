//! What the trials so far have taught, as points of the unit cube.

use std::collections::HashSet;

use temper_core::{Config, Event, FailureKind, History, Outcome, State, Trial, TrialId};
use temper_space::Space;

/// The trials that ended, in the order in which they ended, and every configuration started.
///
/// A strategy hands each event of the log to [`Evidence::tell`], and calls [`Evidence::update`]
/// before it reads: then each trial is encoded once, and asking costs nothing per old trial.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evidence {
    ended: Vec<TrialId>,
    /// The lessons of the first of `ended`.
    lessons: Vec<Lesson>,
    started: HashSet<String>,
}

/// A trial that ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lesson {
    /// Where its configuration lies: `dims`; that of an inactive parameter is 0.5.
    pub(crate) point: Vec<f64>,
    /// For each dimension, whether its parameter exists in the configuration.
    pub(crate) active: Vec<bool>,
    /// How it ended.
    pub(crate) end: End,
}

/// How a trial ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum End {
    /// With a result: one loss per goal.
    Completed {
        /// The result.
        losses: Vec<f64>,
        /// How far past its bound each constraint is: above 0 it is broken, as it is if its metric
        /// was not reported.
        excesses: Vec<Option<f64>>,
    },
    /// Stopped by a pruner.
    Pruned {
        /// One loss per goal, as last reported; empty if nothing was.
        losses: Vec<f64>,
    },
    /// Without a result, because of its configuration.
    Failed(FailureKind),
}

impl Evidence {
    /// Takes note of an event.
    pub(crate) fn tell(&mut self, event: &Event) {
        match event {
            Event::Started { config, .. } => {
                self.started.insert(config.key());
            }
            Event::Finished { trial, outcome, .. } => match outcome {
                Outcome::Completed { .. } | Outcome::Pruned => self.ended.push(*trial),
                // An interruption says nothing about the configuration.
                Outcome::Failed { failure, retry: false }
                    if failure.kind != FailureKind::Preempted =>
                {
                    self.ended.push(*trial);
                }
                Outcome::Failed { .. } | Outcome::Paused => {}
            },
            // The constraints may be others: what trials have taught is read again.
            Event::Opened(_) => self.lessons.clear(),
            Event::Continued { .. } | Event::Reported { .. } | Event::Judged { .. } => {}
        }
    }

    /// Encodes what was told since the last time.
    pub(crate) fn update(&mut self, space: &Space, history: &History) {
        let unread = self.ended[self.lessons.len()..].iter();
        self.lessons.extend(unread.map(|id| {
            let trial = history.trial(*id).expect("its end was told, so it is in the history");
            lesson(space, history, trial)
        }));
    }

    /// The trials that ended, oldest first.
    pub(crate) fn lessons(&self) -> &[Lesson] {
        &self.lessons
    }

    /// Whether the configuration was started before.
    pub(crate) fn knows(&self, config: &Config) -> bool {
        self.started.contains(&config.key())
    }
}

impl End {
    /// By how much constraints are broken in total; 0 if none is.
    pub(crate) fn violation(&self) -> f64 {
        match self {
            Self::Completed { excesses, .. } => {
                excesses.iter().map(|excess| excess.map_or(f64::MAX, |it| it.max(0.0))).sum()
            }
            Self::Pruned { .. } | Self::Failed(_) => 0.0,
        }
    }
}

/// The trials that were started and have not ended, also those that are paused.
pub(crate) fn pending(history: &History) -> impl Iterator<Item = &Trial> {
    history.trials().iter().filter(|trial| !trial.state().is_final())
}

fn lesson(space: &Space, history: &History, trial: &Trial) -> Lesson {
    let losses = || trial.losses().iter().map(|loss| loss.get()).collect();
    let end = match (trial.state(), trial.failure()) {
        (State::Completed, _) => {
            End::Completed { losses: losses(), excesses: history.excesses(trial) }
        }
        (_, Some(failure)) => End::Failed(failure.kind),
        _ => End::Pruned { losses: losses() },
    };
    let config = trial.config();
    Lesson { point: space.encode(config), active: space.active(config), end }
}
