//! How the members compare at a step where they pause.
//!
//! A member has come to the step once it pauses there. What counts is its first report at or after
//! it, also when it has gone on since. One that failed before has come to it, too: as the worst.

use std::cmp::Ordering;

use temper_core::{History, Loss, Report, State, Step, Trial};

use super::members;
use crate::pareto::dominates;

/// The population at a step.
pub(super) struct Standing<'a> {
    boundary: Step,
    /// Those that came to the step, the best first.
    places: Vec<Place<'a>>,
    /// Members that have yet to come.
    missing: usize,
    /// How many of the best and of the worst there are.
    cut: usize,
    /// Whether one more member moves the others by one place at most.
    is_one_order: bool,
}

/// A member that came to the step.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) trial: &'a Trial,
    /// From 0, the best.
    pub(super) rank: usize,
    arrival: Arrival<'a>,
    /// How many others are better in every goal.
    dominators: usize,
    has_successor: bool,
}

/// What a member came with.
#[derive(Clone, Copy)]
struct Arrival<'a> {
    /// Empty if it failed.
    losses: &'a [Loss],
    /// How far it was past the constraints of which it reported the metric.
    excess: f64,
}

impl<'a> Standing<'a> {
    pub(super) fn at(boundary: Step, quantile: f64, history: &'a History) -> Self {
        let successor = |trial: &Trial| {
            let replaces = |fork: temper_core::Fork| fork.replaces == Some(trial.id());
            history.trials().iter().find(|other| other.fork().is_some_and(replaces))
        };
        let mut places = Vec::new();
        let mut missing = 0;
        for trial in members(history).filter(|trial| trial.begins_after() < boundary) {
            let successor = successor(trial);
            // Its place was somebody else's when the others came here.
            if successor.is_some_and(|other| other.begins_after() < boundary) {
                continue;
            }
            match Arrival::of(trial, boundary, history) {
                Some(arrival) => places.push(Place {
                    trial,
                    rank: 0,
                    arrival,
                    dominators: 0,
                    has_successor: successor.is_some(),
                }),
                None => missing += 1,
            }
        }
        let is_one_order = history.setup().is_none_or(|setup| setup.goals.len() < 2);
        if !is_one_order {
            count_dominators(&mut places);
        }
        places.sort_by(|one, other| one.compare(other).then(one.trial.id().cmp(&other.trial.id())));
        (0..).zip(&mut places).for_each(|(rank, place)| place.rank = rank);
        let count = places.len() + missing;
        let cut = ((quantile * count as f64).floor() as usize).max(1).min(count / 2);
        Self { boundary, places, missing, cut, is_one_order }
    }

    pub(super) fn boundary(&self) -> Step {
        self.boundary
    }

    pub(super) fn count(&self) -> usize {
        self.places.len() + self.missing
    }

    pub(super) fn missing(&self) -> usize {
        self.missing
    }

    pub(super) fn cut(&self) -> usize {
        self.cut
    }

    /// Those that can be copied: of the best who wait here.
    pub(super) fn donors(&self) -> Vec<Place<'a>> {
        let best = self.places.iter().take(self.cut);
        best.filter(|place| self.is_here(place)).copied().collect()
    }

    /// Those whose places are to be taken, the worst first; none before all have come.
    pub(super) fn losers(&self) -> impl Iterator<Item = Place<'a>> {
        let lasting = self.places.iter().rev().filter(|place| self.loses(place));
        lasting.filter(|place| !place.has_successor).copied()
    }

    /// Those that wait here and are certain not to be replaced.
    pub(super) fn settled(&self) -> impl Iterator<Item = Place<'a>> {
        let has_donors = !self.donors().is_empty();
        let is_settled = move |place: &&Place<'_>| {
            let is_certain = match self.missing {
                0 => !(has_donors && self.loses(place)),
                missing => {
                    let worst_rank = place.rank + missing;
                    let is_between = self.cut <= place.rank && worst_rank < self.count() - self.cut;
                    self.is_one_order && is_between
                }
            };
            is_certain && self.is_here(place)
        };
        self.places.iter().filter(is_settled).copied()
    }

    /// Whether it is among the worst, and worse than the best.
    fn loses(&self, place: &Place<'_>) -> bool {
        let is_last = place.rank >= self.count() - self.cut && self.is_here(place);
        let is_worse = self.cut > 0
            && self.places.get(self.cut - 1).is_some_and(|it| it.compare(place) == Ordering::Less);
        let has_failed = place.arrival.losses.is_empty();
        self.missing == 0 && (has_failed || is_last && is_worse)
    }

    fn is_here(&self, place: &Place<'_>) -> bool {
        place.trial.state() == State::Paused && place.trial.until() == Some(self.boundary)
    }
}

impl Place<'_> {
    pub(super) fn loss(&self) -> Option<Loss> {
        self.arrival.losses.first().copied()
    }

    fn compare(&self, other: &Self) -> Ordering {
        let has_failed = |place: &Self| place.arrival.losses.is_empty();
        let excess = |place: &Self| place.arrival.excess;
        has_failed(self)
            .cmp(&has_failed(other))
            .then(excess(self).total_cmp(&excess(other)))
            .then(self.dominators.cmp(&other.dominators))
            .then(self.loss().cmp(&other.loss()))
    }
}

impl<'a> Arrival<'a> {
    /// `None` if the trial has yet to come to the step.
    fn of(trial: &'a Trial, boundary: Step, history: &History) -> Option<Self> {
        // It has reported there, perhaps, and has yet to save and end.
        if trial.state().is_under_way() && trial.until().is_some_and(|until| until <= boundary) {
            return None;
        }
        let is_lost = trial.state() == State::Failed && trial.until() == Some(boundary);
        // One that failed as it saved here leaves nothing to go on from.
        let report = trial.reports().iter().find(|report| report.step >= boundary && !is_lost);
        match (report, trial.state()) {
            (Some(report), _) => {
                Some(Self { losses: &report.losses, excess: excess(report, history) })
            }
            (None, State::Completed) => Some(Self { losses: trial.losses(), excess: 0.0 }),
            (None, State::Failed | State::Pruned) => Some(Self { losses: &[], excess: 0.0 }),
            (None, State::Running | State::Waiting | State::Paused) => None,
        }
    }
}

/// How far past its constraints a report is, in sum; those whose metric it lacks don't count yet.
fn excess(report: &Report, history: &History) -> f64 {
    let Some(setup) = history.setup() else { return 0.0 };
    let value = |name: &str| {
        let goal = setup.goals.iter().zip(&report.losses).find(|(goal, _)| goal.metric == name);
        let goal = goal.map(|(goal, loss)| goal.value(*loss));
        goal.or_else(|| report.metrics.get(name).copied())
    };
    let excesses = setup.constraints.iter();
    let excesses = excesses.filter_map(|it| value(it.metric()).map(|value| it.excess(value)));
    excesses.map(|excess| excess.max(0.0)).sum::<f64>().min(f64::MAX)
}

fn count_dominators(places: &mut [Place<'_>]) {
    let losses: Vec<Vec<f64>> = places
        .iter()
        .map(|place| place.arrival.losses.iter().map(|loss| loss.get()).collect())
        .collect();
    for (place, own) in places.iter_mut().zip(&losses) {
        let better = losses.iter().filter(|other| !other.is_empty() && dominates(other, own));
        place.dominators = better.count();
    }
}
