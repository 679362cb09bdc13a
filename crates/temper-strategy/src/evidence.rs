//! What the trials so far have taught, as points of the unit cube.

use std::collections::HashSet;

use temper_core::{Config, Event, FailureKind, History, Outcome, State, Step, Trial, TrialId};
use temper_space::Space;

mod items;
mod level;
mod merged;
mod noise;

use items::Expected;
use level::Level;
use merged::merge;
use noise::noises;

/// The trials that ended, in the order in which they ended, and every configuration started.
///
/// A strategy hands each event of the log to [`Evidence::tell`], and calls [`Evidence::update`]
/// before it reads: then each trial is encoded once, and asking costs nothing per old trial, unless
/// some were cut short: then all reports are read again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evidence {
    /// Each trial once, where it first ended or paused.
    ended: Vec<TrialId>,
    /// The lessons of the first of `ended`.
    lessons: Vec<Lesson>,
    /// Those of trials that have not ended for good: they were cut short.
    open: Vec<usize>,
    /// Whether some are of trials that were cut short.
    moving: bool,
    /// One lesson for each configuration, once some have run again.
    merged: Option<Vec<Lesson>>,
    revised: bool,
    known: HashSet<TrialId>,
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
    /// The standard deviation that is known of the noise of each loss, one per goal; 0 where none is.
    pub(crate) noises: Vec<f64>,
    /// The standard deviation of what the loss would differ by after all items of an evaluation that
    /// was cut short, of which there is one goal; else 0.
    pub(crate) unseen: f64,
    /// What it costs to its end, above 0, where costs count and that is known.
    pub(crate) cost: Option<f64>,
}

/// How a trial ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum End {
    /// With a result: one loss per goal.
    Completed {
        /// The result, or where some trials were cut short what it had lost where they are compared.
        losses: Vec<f64>,
        /// How far past its bound each constraint is: above 0 it is broken, as it is if its metric
        /// was not reported.
        excesses: Vec<Option<f64>>,
    },
    /// Stopped or paused by a pruner, before where trials are compared.
    Pruned {
        /// One loss per goal, as last reported; empty if nothing was.
        losses: Vec<f64>,
    },
    /// It came as far as to where trials are compared, which is not the end, or answered some items
    /// of an evaluation.
    Partial {
        /// The lowest loss until there, or what it is expected to lose on all items.
        loss: f64,
        /// How far past its bound each constraint is so far, if it is known; none up to a step.
        excesses: Vec<Option<f64>>,
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
                Outcome::Completed { .. } | Outcome::Pruned | Outcome::Paused => self.end(*trial),
                // An interruption says nothing about the configuration.
                Outcome::Failed { failure, retry: false } if failure.kind.teaches() => {
                    self.end(*trial);
                }
                Outcome::Failed { .. } => {}
            },
            // The constraints may be others: what trials have taught is read again.
            Event::Opened(_) => {
                self.lessons.clear();
                self.open.clear();
                self.moving = false;
                self.merged = None;
            }
            Event::Continued { .. } | Event::Reported { .. } | Event::Judged { .. } => {}
        }
    }

    /// Encodes what was told since the last time.
    pub(crate) fn update(&mut self, space: &Space, history: &History) {
        let read = self.lessons.len();
        let may_change = self.moving || !self.open.is_empty();
        let before = self.merged.take().or_else(|| may_change.then(|| self.lessons.clone()));
        self.encode(space, history);
        self.merged = merge(&self.ended, &self.lessons, history);
        // Most often there is nothing to compare, however many lessons there are.
        self.revised = match (&before, &self.merged) {
            (Some(before), _) => !self.lessons().starts_with(before),
            (None, Some(merged)) => !merged.starts_with(&self.lessons[..read]),
            (None, None) => false,
        };
    }

    fn encode(&mut self, space: &Space, history: &History) {
        let trial = |id| history.trial(id).expect("its end was told, so it is in the history");
        for id in &self.ended[self.lessons.len()..] {
            let config = trial(*id).config();
            let (point, active) = (space.encode(config), space.active(config));
            self.open.push(self.lessons.len());
            let (end, noises) = (End::Pruned { losses: Vec::new() }, Vec::new());
            self.lessons.push(Lesson { point, active, end, noises, unseen: 0.0, cost: None });
        }
        let is_cut = |index: &usize| !has_end(trial(self.ended[*index]));
        let is_single = history.setup().is_some_and(|setup| setup.goals.len() == 1);
        let was_moving = self.moving;
        self.moving = self.open.iter().any(is_cut);
        if (self.moving && is_single) || was_moving {
            self.open = (0..self.lessons.len()).collect();
        }
        if self.open.is_empty() {
            return;
        }
        let all = || self.ended.iter().map(|id| trial(*id));
        let comparison = (self.moving && is_single)
            .then(|| Comparison::of(all(), space.dims(), history))
            .flatten();
        let comparison = comparison.as_ref();
        let costs = history.setup().and_then(|setup| setup.budget.costs.as_ref());
        for index in &self.open {
            let (lesson, trial) = (&mut self.lessons[*index], trial(self.ended[*index]));
            lesson.end = end(history, trial, comparison);
            lesson.noises = noises(history, trial, comparison.and_then(Comparison::step));
            lesson.unseen = comparison.map_or(0.0, |it| it.unseen(trial));
            lesson.cost = costs.and_then(|costs| costs.measure.whole(trial, history));
        }
        self.open.retain(is_cut);
    }

    /// Whether some trials were cut short: then lessons change as more is known.
    pub(crate) fn is_moving(&self) -> bool {
        self.moving
    }

    fn end(&mut self, trial: TrialId) {
        if self.known.insert(trial) {
            self.ended.push(trial);
        } else if let Some(index) = self.ended.iter().position(|id| *id == trial) {
            // It was paused before.
            if index < self.lessons.len() && !self.open.contains(&index) {
                self.open.push(index);
            }
        }
    }

    /// The configurations whose trials ended, oldest first. One that ran again is one lesson, with
    /// the means of its runs.
    pub(crate) fn lessons(&self) -> &[Lesson] {
        self.merged.as_ref().unwrap_or(&self.lessons)
    }

    /// The trials that ended, oldest first, each run of a configuration by itself: what tells noise
    /// from what a configuration does.
    pub(crate) fn runs(&self) -> &[Lesson] {
        &self.lessons
    }

    /// Whether the last update changed lessons that were there before, because their configurations
    /// ran again, or trials that were cut short went on or are compared otherwise: what was folded from
    /// them has to be folded anew.
    pub(crate) fn is_revised(&self) -> bool {
        self.revised
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
            // What is not known so far may be kept.
            Self::Partial { excesses, .. } => {
                excesses.iter().map(|excess| excess.map_or(0.0, |it| it.max(0.0))).sum()
            }
            Self::Pruned { .. } | Self::Failed(_) => 0.0,
        }
    }
}

/// The trials that were started and are neither over nor paused. A run of a configuration that is
/// known is none of them.
pub(crate) fn pending(history: &History) -> impl Iterator<Item = &Trial> {
    let is_pending = |state: State| !state.is_final() && state != State::Paused;
    let trials = history.trials().iter().filter(|trial| !trial.origin().is_repeat());
    trials.filter(move |trial| is_pending(trial.state()))
}

/// Whether the end of the trial is known, and not a forecast.
fn has_end(trial: &Trial) -> bool {
    matches!(trial.state(), State::Completed | State::Failed)
}

/// How trials are compared of which some were cut short.
enum Comparison {
    /// By what they are expected to lose on all items of an evaluation.
    Expected(Expected),
    /// By what they had lost up to a step.
    At(Level),
}

impl Comparison {
    fn of<'a>(
        trials: impl Iterator<Item = &'a Trial> + Clone,
        dims: usize,
        history: &History,
    ) -> Option<Self> {
        let expected = Expected::of(trials.clone(), history).map(Self::Expected);
        expected.or_else(|| Level::of(trials, dims).map(Self::At))
    }

    /// The loss of a trial; `None` if it says nothing beside the others.
    fn loss(&self, trial: &Trial, history: &History) -> Option<f64> {
        match self {
            Self::Expected(expected) => expected.get(trial.id()).map(|it| it.loss),
            Self::At(level) => level.loss(trial, history),
        }
    }

    /// The step up to which trials are compared, if it is not the end.
    fn step(&self) -> Option<Step> {
        match self {
            Self::Expected(_) => None,
            Self::At(level) => Some(level.step()),
        }
    }

    /// How far past its bound each constraint is.
    fn excesses(&self, trial: &Trial, history: &History) -> Vec<Option<f64>> {
        match self {
            Self::Expected(_) => history.excesses(trial),
            Self::At(_) => Vec::new(),
        }
    }

    /// The standard deviation of what is not known of the loss.
    fn unseen(&self, trial: &Trial) -> f64 {
        match self {
            Self::Expected(expected) => {
                expected.get(trial.id()).map_or(0.0, |it| it.variance.sqrt())
            }
            Self::At(_) => 0.0,
        }
    }
}

fn end(history: &History, trial: &Trial, comparison: Option<&Comparison>) -> End {
    let losses = || trial.losses().iter().map(|loss| loss.get()).collect();
    match (trial.state(), trial.failure(), comparison.and_then(|it| it.loss(trial, history))) {
        (State::Completed, _, partial) => {
            let losses = partial.map_or_else(losses, |loss| vec![loss]);
            End::Completed { losses, excesses: history.excesses(trial) }
        }
        (_, Some(failure), _) => End::Failed(failure.kind),
        (.., Some(loss)) => {
            let excesses = comparison.map_or_else(Vec::new, |it| it.excesses(trial, history));
            End::Partial { loss, excesses }
        }
        _ => End::Pruned { losses: losses() },
    }
}
