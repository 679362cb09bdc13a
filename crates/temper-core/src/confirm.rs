//! Whether the best are the best: a race of a few configurations under fresh seeds.
//!
//! The lowest of many noisy losses is low by luck, too. So the run by which a configuration was
//! chosen does not count for it: once the search is over, the best ones and the default
//! configuration run again, all under the same seeds, and what is compared are the differences
//! seed by seed. Who is clearly behind leaves early.
//!
//! Source: Birattari et al., "A Racing Algorithm for Configuring Metaheuristics", GECCO 2002, with
//! the paired t-test of Maron and Moore, "The Racing Algorithm", Artificial Intelligence Review 11,
//! 1997.

use rand::Rng as _;
use serde::{Deserialize, Serialize};
use temper_space::Space;

use crate::history::are_kept;
use crate::{Config, History, Loss, Next, Origin, State, Trial, TrialId, stream};

mod candidate;
mod choice;
mod race;

pub use candidate::{Candidate, Out, Run};

use candidate::run;
use choice::{chosen, default, last_stage, runs};

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

/// The random streams of the common seeds start here, far from those of events and trials.
const STREAMS: u64 = 3 << 62;

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
        let seeds: Vec<u32> = (0..u64::from(seeds)).map(|it| common_seed(setup.seed, it)).collect();
        let runs = runs(history, &seeds);
        let candidate = |(trial, config): (Option<TrialId>, Config)| {
            let own = runs.get(&config.key());
            let trials: Vec<Option<&Trial>> =
                (0..seeds.len()).map(|seed| own?.get(&seed).copied()).collect();
            let completed: Vec<&Trial> = trials
                .iter()
                .flatten()
                .copied()
                .filter(|trial| trial.state() == State::Completed)
                .collect();
            Candidate {
                trial,
                config,
                is_default: false,
                runs: trials.into_iter().map(run).collect(),
                is_feasible: are_kept(&history.mean_of(&completed)),
                out: None,
            }
        };
        let mut candidates: Vec<Candidate> = chosen(history, top).map(candidate).collect();
        if candidates.is_empty() {
            return None;
        }
        if let Some((trial, config)) = default(space, history) {
            let known = candidates.iter().position(|it| it.config == config);
            let place = known.unwrap_or_else(|| {
                candidates.push(candidate((trial, config)));
                candidates.len() - 1
            });
            candidates[place].is_default = true;
        }
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

    /// The place of the candidate with the lowest mean that keeps the constraints, once the
    /// comparison is over.
    #[must_use]
    pub fn winner(&self) -> Option<usize> {
        let leader = self.leader(self.seeds.len()).filter(|_| self.is_over())?;
        let candidate = &self.candidates[leader];
        (candidate.is_feasible && !candidate.losses().is_empty()).then_some(leader)
    }

    /// The place of whom the others are compared with in the end: of the default configuration, or
    /// without one of the best of the others.
    #[must_use]
    pub fn rival(&self, place: usize) -> Option<usize> {
        let default = self.candidates.iter().position(|it| it.is_default);
        let others = (0..self.candidates.len()).filter(|it| *it != place);
        let mean = |it: usize| self.candidates[it].mean_until(self.seeds.len());
        let best = || others.min_by(|one, other| mean(*one).total_cmp(&mean(*other)));
        default.or_else(best).filter(|it| *it != place)
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

/// The seed of that number, in 31 bits: some programs read a signed number.
fn common_seed(seed: u64, number: u64) -> u32 {
    stream(seed, STREAMS + number).next_u32() >> 1
}

/// What is run once the search has nothing more to do.
pub(crate) fn confirm(space: &Space, history: &History) -> Next {
    let is_searching = |trial: &Trial| {
        let is_under_way = matches!(trial.state(), State::Running | State::Waiting);
        is_under_way && !matches!(trial.origin(), Origin::Confirmation { .. })
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
        stage: last_stage(history),
    }
}

#[cfg(test)]
mod tests;
