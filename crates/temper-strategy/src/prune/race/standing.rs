//! Who leads a race, and how likely the others are to end ahead.
//!
//! | symbol | meaning |
//! |---|---|
//! | `N` | the number of items |
//! | `n` | the number of items that a trial shares with the leader |
//! | `d` | the differences of their losses on those: their mean, and their variance `s^2` |
//!
//! The `n` items are a random sample of the `N`, as their order is random. So the mean difference on
//! all `N`, under a flat prior, is distributed about that on the `n` as `s sqrt(1/n - 1/N)` times
//! Student's `t` with `n - 1` degrees of freedom. It is known once all are seen.
//!
//! Source: Gelman et al., "Bayesian Data Analysis", 3rd edition, 2013, section 8.3, for the mean of a
//! finite population.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use statrs::distribution::{ContinuousCDF, StudentsT};
use temper_core::{History, State, Step, Trial};

use super::super::items::{Scored, mean};
use super::RaceOptions;

/// Who answers alike has differences of variance 0. It is taken as if a part of a pair more had been
/// seen, with the variance of two answers that have nothing to do with each other. This is the part:
/// with less, who differs rarely is dropped too early, with more, who never does goes on for too long.
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
    scored: Scored,
    options: &'a RaceOptions,
    items: Step,
}

impl<'a> Standing<'a> {
    /// The trials that have reported and neither failed nor were stopped; of those that keep all
    /// constraints alone, if one does.
    pub(super) fn of(options: &'a RaceOptions, items: Step, history: &'a History) -> Self {
        let scored = Scored::of(options.metric.as_deref(), history);
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
        let above = |runner| mean(differences(runner, furthest).into_iter());
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
        let differences = differences(own, leader);
        let (shared, items) = (differences.len() as f64, self.items as f64);
        let Some(of_items) = variance(&leader.losses.values().copied().collect::<Vec<_>>()) else {
            return UNKNOWN;
        };
        let Some(of_differences) = variance(&differences) else { return UNKNOWN };
        let freedom = shared - 1.0 + PRIOR_PAIRS;
        let squares = of_differences * (shared - 1.0) + PRIOR_PAIRS * 2.0 * of_items;
        let ahead = -mean(differences.iter().copied()) - self.margin(of_items);
        let error = (squares / freedom * (1.0 / shared - 1.0 / items).max(0.0)).sqrt();
        if error == 0.0 {
            return f64::from(ahead > 0.0);
        }
        let student = StudentsT::new(0.0, 1.0, freedom).ok();
        let deviate = Some(ahead / error).filter(|it| it.is_finite());
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

/// Of one number; `None` of less than two.
fn variance(numbers: &[f64]) -> Option<f64> {
    let centre = mean(numbers.iter().copied());
    let squares: f64 = numbers.iter().map(|number| (number - centre).powi(2)).sum();
    (numbers.len() > 1).then(|| squares / (numbers.len() - 1) as f64)
}
