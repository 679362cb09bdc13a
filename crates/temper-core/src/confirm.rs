//! Whether the best are the best: a race of a few configurations under fresh seeds.
//!
//! The lowest of many noisy losses is low by luck, too. So the run by which a configuration was
//! chosen does not count for it: once the search is over, the best ones and the default
//! configuration run again, all under the same seeds, and what is compared are the differences
//! seed by seed. Who is clearly behind leaves early.
//!
//! A run that diverged, crashed, took too long or ran out of memory speaks against its configuration:
//! who has no more results than such failures leaves, and does not win. Two of whom one lacks results
//! are compared over the seeds under which both have one. A run that was interrupted for good or
//! found the disk full says nothing.
//!
//! Source: Birattari et al., "A Racing Algorithm for Configuring Metaheuristics", GECCO 2002, with
//! the paired t-test of Maron and Moore, "The Racing Algorithm", Artificial Intelligence Review 11,
//! 1997.

use std::collections::BTreeSet;

use rand::Rng as _;
use serde::{Deserialize, Serialize};
use temper_space::Space;

use crate::rng::CONFIRMATION_STREAMS;
use crate::{History, Loss, Next, Origin, Trial, stream};

mod candidate;
mod choice;
mod model;
mod race;

pub use candidate::{Candidate, Out, Run};

use choice::{candidates, chosen};

/// How the best configurations are compared once the search is over.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirm {
    /// Under how many fresh seeds each runs; at least 2.
    pub seeds: u32,
    /// How many of the best are compared, besides the default configuration; at least 1.
    pub top: u32,
    /// The primary loss at which the search is over, if it ends at one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Loss>,
}

/// The comparison of the best, as far as it has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Confirmation {
    /// Who is compared: the best first, as the search saw them, and the default last, unless it is
    /// one of them.
    pub candidates: Vec<Candidate>,
    seeds: Vec<u32>,
}

impl Confirmation {
    /// The comparison that follows from the history; `None` if the study wants none, or has nothing
    /// to compare.
    #[must_use]
    pub fn of(space: &Space, history: &History) -> Option<Self> {
        let setup = history.setup()?;
        let Confirm { seeds, top, .. } = setup.confirm?;
        let seeds = common_seeds(setup.seed, seeds as usize);
        chosen(history, top).next()?;
        let candidates = candidates(space, history, top, &seeds);
        let mut confirmation = Self { candidates, seeds };
        confirmation.race();
        Some(confirmation)
    }

    /// Whether all runs are over that the comparison needs.
    #[must_use]
    pub fn is_over(&self) -> bool {
        let racing = || self.candidates.iter().filter(|it| it.out.is_none());
        (self.candidates.len() > 1 && racing().count() < 2)
            || racing().all(|it| it.is_over(self.seeds.len()))
    }

    /// Under how many seeds each runs, unless it leaves the race.
    #[must_use]
    pub fn seeds(&self) -> usize {
        self.seeds.len()
    }

    /// The place of the best candidate, once the comparison is over, if it keeps the constraints and
    /// has more results than failures.
    #[must_use]
    pub fn winner(&self) -> Option<usize> {
        let seeds = self.seeds.len();
        let leader = self.leader(seeds).filter(|_| self.is_over())?;
        let candidate = &self.candidates[leader];
        let is_sound = candidate.completed(seeds) > candidate.failed(seeds);
        (candidate.is_feasible && is_sound).then_some(leader)
    }

    /// The place of the default configuration, if it has a result.
    #[must_use]
    pub fn default(&self) -> Option<usize> {
        let seeds = self.seeds.len();
        self.candidates.iter().position(|it| it.is_default && it.completed(seeds) > 0)
    }

    /// The place of whom the others are compared with in the end: of the default configuration, or
    /// without a result of it the best of the others.
    #[must_use]
    pub fn rival(&self, place: usize) -> Option<usize> {
        let others = (0..self.candidates.len()).filter(|it| *it != place);
        let best = || self.best_of(others, self.seeds.len());
        self.default().or_else(best).filter(|it| *it != place)
    }

    /// How likely a candidate really is to be better than [`Confirmation::rival`].
    #[must_use]
    pub fn chance(&self, place: usize) -> Option<f64> {
        let rival = &self.candidates[self.rival(place)?];
        rival.above(&self.candidates[place])?.chance_above_zero()
    }

    /// The next run: of the first seed under which somebody in the race has not begun.
    fn due(&self) -> Option<(usize, &Candidate)> {
        if self.is_over() {
            return None;
        }
        let racing = || self.candidates.iter().filter(|it| it.out.is_none());
        (0..self.seeds.len())
            .find_map(|seed| Some((seed, racing().find(|it| it.runs[seed] == Run::Due)?)))
    }
}

/// So many seeds, no two alike, in 31 bits: some programs read a signed number.
fn common_seeds(seed: u64, count: usize) -> Vec<u32> {
    let mut drawn = BTreeSet::new();
    let draws = (CONFIRMATION_STREAMS..).map(|number| stream(seed, number).next_u32() >> 1);
    draws.filter(|seed| drawn.insert(*seed)).take(count).collect()
}

/// What is run once the search has nothing more to do.
pub(crate) fn confirm(space: &Space, history: &History) -> Next {
    let is_searching = |trial: &Trial| {
        let confirms = matches!(trial.origin(), Origin::Confirmation { .. });
        trial.state().is_under_way() && !confirms
    };
    if history.trials().iter().any(is_searching) {
        return Next::Done;
    }
    let Some(confirmation) = Confirmation::of(space, history) else { return Next::Done };
    let Some((index, candidate)) = confirmation.due() else { return Next::Done };
    let (run, seeds) = (index + 1, confirmation.seeds.len());
    let what = match candidate.trial {
        _ if candidate.is_default => "the default configuration".to_owned(),
        Some(trial) => format!("trial {trial}"),
        None => "a configuration".to_owned(),
    };
    Next::Repeat {
        config: candidate.config.clone(),
        origin: Origin::Confirmation { of: candidate.trial, seed: confirmation.seeds[index] },
        note: Some(format!("seed {run} of {seeds} to confirm {what}")),
        stage: history.last_stage(),
    }
}

#[cfg(test)]
mod tests;
