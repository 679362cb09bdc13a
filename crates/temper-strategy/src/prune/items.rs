//! What trials scored on single items: the losses that are compared in pairs.
//!
//! Where each step of a trial is one item of an evaluation, the goal is usually the mean over the items
//! so far, and what the item alone scored is reported beside it as `item_<goal>`: `item_accuracy`. A
//! program whose goal is of the item alone reports that.

use std::collections::BTreeMap;

use temper_core::{Direction, History, ITEM, Report, Step, Trial};

use super::goal;

/// Which of the reported numbers is of the item alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ItemLosses {
    /// Its name.
    pub(super) metric: String,
    direction: Direction,
    /// Its place among the goals, if it is one.
    goal: Option<usize>,
}

impl ItemLosses {
    /// The metric of that name, a goal or another one with the direction of the first goal. If none is
    /// named, it is `item_<goal>` of the first goal where trials report that, and else the goal.
    pub(super) fn of(named: Option<&str>, history: &History) -> Self {
        let goals = history.setup().map_or(&[][..], |setup| &setup.goals);
        let first = goal(history);
        let metric = named.map(str::to_owned).or_else(|| reported_beside(history)).or_else(|| {
            let goal = first?;
            Some(goal.metric.clone())
        });
        let place = goals.iter().position(|goal| Some(&goal.metric) == metric.as_ref());
        let direction = place.and_then(|place| goals.get(place)).or(first);
        Self {
            direction: direction.map_or_else(Direction::default, |goal| goal.direction),
            goal: if metric.is_none() { Some(0) } else { place },
            metric: metric.unwrap_or_else(|| "loss".to_owned()),
        }
    }

    /// Those of `item_<goal>` of the first goal, where trials report that.
    pub(crate) fn beside(history: &History) -> Option<Self> {
        let metric = reported_beside(history)?;
        Some(Self::of(Some(&metric), history))
    }

    /// The losses of the trial's items; finite.
    pub(crate) fn losses(&self, trial: &Trial) -> BTreeMap<Step, f64> {
        let known = |report: &Report| Some((report.step, self.loss(report)?));
        trial.reports().iter().filter_map(known).collect()
    }

    fn loss(&self, report: &Report) -> Option<f64> {
        match self.goal {
            Some(place) => report.losses.get(place).map(|loss| loss.get()),
            None => report.metrics.get(&self.metric).map(|value| self.turned(*value)),
        }
    }

    /// Turns a value into a loss, and back.
    pub(super) fn turned(&self, value: f64) -> f64 {
        match self.direction {
            Direction::Minimize => value,
            Direction::Maximize => 0.0 - value,
        }
    }
}

/// Whether the first goal is the mean over the items so far: what the item alone scored is reported
/// beside it.
pub(super) fn are_means(report: &Report, history: &History) -> bool {
    // Most reports have nothing beside their goals.
    !report.metrics.is_empty()
        && name(history).is_some_and(|metric| report.metrics.contains_key(&metric))
}

/// `item_<goal>`, if the last report of a trial has it.
fn reported_beside(history: &History) -> Option<String> {
    let metric = name(history)?;
    let mut last = history.trials().iter().filter_map(|trial| trial.reports().last());
    last.any(|report| report.metrics.contains_key(&metric)).then_some(metric)
}

/// `item_<goal>` of the first goal.
fn name(history: &History) -> Option<String> {
    goal(history).map(|goal| format!("{ITEM}{}", goal.metric))
}

/// The mean of the losses; finite.
pub(super) fn mean(losses: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = losses.len() as f64;
    losses.map(|loss| loss / count).sum()
}
