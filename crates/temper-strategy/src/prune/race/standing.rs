//! Who leads a race, and how likely the others are to end ahead.
//!
//! | symbol | meaning |
//! |---|---|
//! | `N` | the number of items |
//! | `m` | the number of items that the leader has answered |
//! | `n` | the number of those that a trial has answered as well |
//! | `y`, `x` | losses of the trial and of the leader, on the `n` items |
//! | `X` | the mean loss of the leader on its `m` items |
//!
//! The `n` items are a random sample of the `m`, and these of the `N`, as the order of items is random. What the
//! leader lost on items that the trial has not answered tells whether those are harder. So the mean difference
//! on all `N` items is estimated as `mean(y) + b (X - mean(x)) - X`, by the line `y = a + b x`. The square of
//! its error is `r^2 (1/n - 1/m) + d^2 (1/m - 1/N)`, with the variance `r^2` about that line and `d^2` of the
//! differences `y - x`: 0 once both have answered all. It is taken as distributed as Student's `t` of `n - 1`
//! degrees of freedom.
//!
//! Source: Cochran, "Sampling Techniques", 3rd edition, 1977, chapters 7 and 12, on estimates by regression in a
//! sample of a finite population, and in a sample of a larger sample.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use statrs::distribution::{ContinuousCDF, StudentsT};
use temper_core::{History, State, Step, Trial};

use super::super::items::{ItemLosses, mean};
use super::RaceOptions;

/// Who answers alike has differences of variance 0. It is taken as if a part of a pair more had been
/// seen, with the variance of two answers that have nothing to do with each other, and on the line `y = x`.
/// This is the part: with less, who differs rarely is dropped too early, with more, who never does goes on
/// for too long.
const PRIOR_PAIRS: f64 = 0.25;

/// What part of the standard error of the mean of all items is a difference that counts for nothing.
const INDIFFERENT: f64 = 0.2;

/// A trial with a result, or that may get one.
pub(super) struct Runner<'a> {
    pub(super) trial: &'a Trial,
    losses: BTreeMap<Step, f64>,
}

/// All runners.
pub(super) struct Standing<'a> {
    pub(super) runners: Vec<Runner<'a>>,
    scored: ItemLosses,
    options: &'a RaceOptions,
    items: Step,
}

impl<'a> Standing<'a> {
    /// The trials that have reported and neither failed nor were stopped; of those that keep all
    /// constraints alone, if one does.
    pub(super) fn of(options: &'a RaceOptions, items: Step, history: &'a History) -> Self {
        let scored = ItemLosses::of(options.metric.as_deref(), history);
        let is_out = |trial: &Trial| matches!(trial.state(), State::Failed | State::Pruned);
        let runs = |trial: &&Trial| !is_out(trial) && !trial.reports().is_empty();
        let all = || history.trials().iter().filter(runs);
        let is_any_feasible = all().any(|trial| history.is_feasible(trial));
        let competes = |trial: &&Trial| !is_any_feasible || history.is_feasible(trial);
        let runner = |trial| Runner { trial, losses: scored.losses(trial) };
        let runners = all().filter(competes).map(runner).collect();
        Self { runners, scored, options, items }
    }

    /// Who is expected to have the lowest mean of all items: all are compared with the one that has
    /// answered most, on shared items. Of equals the one that has answered more, then the older.
    pub(super) fn leader(&self) -> Option<&Runner<'a>> {
        let answered = |runner: &&Runner| runner.losses.len();
        let furthest = self.runners.iter().rev().max_by_key(answered)?;
        let above = |runner| average(&differences(runner, furthest));
        let places = self.runners.iter().map(|runner| (above(runner), runner));
        let order = |(own, one): &(f64, &Runner), (theirs, other): &(f64, &Runner)| {
            own.total_cmp(theirs).then_with(|| answered(other).cmp(&answered(one)))
        };
        places.filter(|(above, _)| !above.is_nan()).min_by(order).map(|(_, runner)| runner)
    }

    /// The paused trial that is the likeliest to end ahead, and how likely that is, if it is likely
    /// enough.
    pub(super) fn challenger(&self, leader: &Runner) -> Option<(&Runner<'a>, f64)> {
        let waits = |runner: &&Runner| runner.trial.state() == State::Paused;
        let chances = self.runners.iter().filter(waits).map(|it| (it, self.chance(it, leader)));
        let likely = chances.filter(|(_, chance)| *chance >= self.options.min_chance);
        // Of equals the older.
        likely.rev().max_by(|(_, one), (_, other)| one.total_cmp(other))
    }

    /// How likely the mean of all items is to be better than the leader's by more than the margin;
    /// one half where too little is known.
    pub(super) fn chance(&self, own: &Runner, leader: &Runner) -> f64 {
        const UNKNOWN: f64 = 0.5;
        let known: Vec<f64> = leader.losses.values().copied().collect();
        let (ys, xs): (Vec<f64>, Vec<f64>) = pairs(own, leader).unzip();
        if ys.len() < 2 {
            return UNKNOWN;
        }
        let of_items = squares(&known) / (known.len() - 1) as f64;
        let (prior, freedom) = (PRIOR_PAIRS * of_items, ys.len() as f64 - 1.0 + PRIOR_PAIRS);
        let slope = match squares(&xs) + prior {
            0.0 => 1.0,
            below => ((products(&ys, &xs) + prior) / below).clamp(0.0, 1.0),
        };
        // Of one item, about a line of that slope.
        let variance = |slope: f64| {
            let about: Vec<f64> = ys.iter().zip(&xs).map(|(y, x)| y - slope * x).collect();
            (squares(&about) + 2.0 * prior) / freedom
        };
        let [n, m, items] = [ys.len() as f64, known.len() as f64, self.items as f64];
        let square = variance(slope) * (1.0 / n - 1.0 / m)
            + variance(1.0) * (1.0 / m - 1.0 / items).max(0.0);
        let (shared, whole) = (average(&xs), average(&known));
        let behind = average(&ys) + slope * (whole - shared) - whole;
        let ahead = -behind - self.margin(of_items);
        if square == 0.0 {
            return f64::from(ahead > 0.0);
        }
        let student = StudentsT::new(0.0, 1.0, freedom).ok();
        let deviate = Some(ahead / square.sqrt()).filter(|it| it.is_finite());
        student.zip(deviate).map_or(UNKNOWN, |(student, deviate)| student.cdf(deviate))
    }

    /// A difference that counts for nothing, as a loss.
    fn margin(&self, of_items: f64) -> f64 {
        let by_default = || INDIFFERENT * (of_items / self.items as f64).sqrt();
        self.options.margin.unwrap_or_else(by_default)
    }

    /// Where a trial stands beside the leader, for a person.
    pub(super) fn told(&self, own: &Runner, leader: &Runner, chance: f64) -> String {
        let shared: Vec<(f64, f64)> = pairs(own, leader).collect();
        let of = |losses: &mut dyn ExactSizeIterator<Item = f64>| self.scored.turned(mean(losses));
        let (value, best) =
            (of(&mut shared.iter().map(|it| it.0)), of(&mut shared.iter().map(|it| it.1)));
        let how = match value.total_cmp(&best) {
            Ordering::Equal => "as",
            Ordering::Less => "below",
            Ordering::Greater => "above",
        };
        format!(
            "{} of {} items is {value:.4}, {how} trial {}'s {best:.4}: after all {} it is ahead with \
             a chance of {:.1} %",
            self.scored.metric,
            shared.len(),
            leader.trial.id(),
            self.items,
            chance * 100.0
        )
    }

    /// Why the leader is it, for a person.
    pub(super) fn lead_told(&self, leader: &Runner) -> String {
        let value = self.scored.turned(mean(leader.losses.values().copied()));
        let (metric, count) = (&self.scored.metric, leader.losses.len());
        let others = self.runners.len() - 1;
        format!(
            "{metric} of {count} items is {value:.4}, the best on shared items of {others} others"
        )
    }
}

/// The losses of the items that both have.
fn pairs(own: &Runner, other: &Runner) -> impl Iterator<Item = (f64, f64)> {
    own.losses.iter().filter_map(|(step, loss)| Some((*loss, *other.losses.get(step)?)))
}

fn differences(own: &Runner, other: &Runner) -> Vec<f64> {
    pairs(own, other).map(|(own, other)| own - other).collect()
}

fn average(numbers: &[f64]) -> f64 {
    mean(numbers.iter().copied())
}

/// The sum of the squares of what the numbers differ by from their mean.
fn squares(numbers: &[f64]) -> f64 {
    products(numbers, numbers)
}

/// The sum of the products of what two by two differ by from their means.
fn products(ones: &[f64], others: &[f64]) -> f64 {
    let (one, other) = (average(ones), average(others));
    ones.iter().zip(others).map(|(own, theirs)| (own - one) * (theirs - other)).sum()
}
