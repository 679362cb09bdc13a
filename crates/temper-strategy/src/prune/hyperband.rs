//! Hyperband: several successive halvings side by side, of which each gives new trials more steps
//! than the one before until they are compared first.
//!
//! The pruner where it is not known whether early losses tell. Each trial belongs to a *bracket*,
//! and is compared within it. The last bracket runs its few trials to their end.
//!
//! Source: Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization",
//! JMLR 18(185), 2018, algorithm 1; asynchronous within each bracket as in Li et al. 2020.

use temper_core::{History, Intake, Judgement, Promotion, Pruner, Setup, Step, TrialId};

use super::asha::AshaOptions;
use super::halving::{Halving, Mode, RUNGS};
use crate::registry::{Entry, read_options};

const NAME: &str = "hyperband";

/// No bracket gets more trials of a cycle: larger shares are scaled down together, since a study of
/// that many trials is not expected, and a cycle is walked through.
const LARGEST_SHARE: u64 = 1000;

pub(crate) const ENTRY: Entry<dyn Pruner> = Entry {
    name: NAME,
    summary: "several halvings side by side, from hasty to patient",
    build: |options| {
        let options: AshaOptions = read_options(NAME, options)?;
        options.check(NAME)?;
        Ok(Box::new(Hyperband(options)))
    },
};

/// The Hyperband pruner; its options are those of `asha`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hyperband(pub AshaOptions);

impl Hyperband {
    /// As many halvings as there are rungs, and one that has none. Where the last step isn't known,
    /// rungs never end: then there are as many as by default.
    fn brackets(&self, history: &History) -> Vec<(Halving, u64)> {
        let whole = self.0.halving(history);
        let most = self.0.last_step(history).map_or(RUNGS as usize, |_| whole.rungs.len());
        brackets(&whole, most)
    }

    /// The halving of the trial's bracket, and which bracket that is.
    fn of(&self, trial: TrialId, history: &History) -> (usize, Halving) {
        let brackets = self.brackets(history);
        let index = bracket_of(history.ordinal(trial), &brackets);
        (index, brackets.into_iter().nth(index).expect("one of them").0)
    }
}

impl Pruner for Hyperband {
    fn judge(&self, trial: TrialId, step: Step, history: &History) -> Judgement {
        if self.0.mode == Mode::Promote {
            return Judgement::go_on();
        }
        let brackets = self.brackets(history);
        let index = bracket_of(history.ordinal(trial), &brackets);
        let is_rival = |other| bracket_of(history.ordinal(other), &brackets) == index;
        brackets[index].0.judge(trial, step, history, &is_rival)
    }

    fn suits(&self, setup: &Setup) -> Result<(), String> {
        self.0.suits(setup)
    }

    fn until(&self, trial: TrialId, history: &History) -> Option<Step> {
        match self.0.mode {
            Mode::Stop => None,
            Mode::Promote => self.of(trial, history).1.rungs.first().copied(),
        }
    }

    fn promote(&self, history: &History, intake: Intake) -> Option<Promotion> {
        if self.0.mode == Mode::Stop {
            return None;
        }
        let brackets = self.brackets(history);
        // Who has come furthest is the nearest to a result.
        brackets.iter().enumerate().rev().find_map(|(index, (halving, _))| {
            let is_rival = |other| bracket_of(history.ordinal(other), &brackets) == index;
            halving.promote(history, intake, &is_rival)
        })
    }
}

/// The halvings, the hastiest first, and how many trials of a cycle each gets: `n` of algorithm 1.
/// The first rung of each is one of the first `most` or the one after these.
fn brackets(whole: &Halving, most: usize) -> Vec<(Halving, u64)> {
    let most = most.min(whole.rungs.len());
    let share = |skipped: usize| {
        let s = u32::try_from(most - skipped).unwrap_or(u32::MAX);
        let share = u64::from(whole.eta).saturating_pow(s).saturating_mul(most as u64 + 1);
        share.div_ceil(u64::from(s) + 1)
    };
    let scale = share(0).div_ceil(LARGEST_SHARE);
    let halving =
        |skipped: usize| Halving { rungs: whole.rungs[skipped..].to_vec(), eta: whole.eta };
    (0..=most).map(|skipped| (halving(skipped), share(skipped).div_ceil(scale))).collect()
}

/// The bracket of a trial, by its number without repeats: over each cycle every bracket gets its
/// share, spread evenly.
fn bracket_of(trial: u64, brackets: &[(Halving, u64)]) -> usize {
    let cycle: u64 = brackets.iter().map(|(_, share)| share).sum();
    let mut credit = vec![0i128; brackets.len()];
    let mut chosen = 0;
    for _ in 0..=trial % cycle {
        for (credit, (_, share)) in credit.iter_mut().zip(brackets) {
            *credit += i128::from(*share);
        }
        let richest = (0..credit.len()).rev().max_by_key(|index| credit[*index]);
        chosen = richest.unwrap_or_default();
        credit[chosen] -= i128::from(cycle);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    #[test]
    fn brackets_are_those_of_the_paper() {
        // Table 1 of the paper, R = 81 and eta = 3: n = 81, 34, 15, 8, 5, at 1, 3, 9, 27, 81.
        let whole = Halving::new(Some(1), NonZeroU32::new(3).unwrap(), Some(81));
        let brackets = brackets(&whole, usize::MAX);
        let shares: Vec<_> = brackets.iter().map(|(_, share)| *share).collect();
        assert_eq!(shares, [81, 34, 15, 8, 5]);
        let first: Vec<_> = brackets.iter().map(|(it, _)| it.rungs.first().copied()).collect();
        assert_eq!(first, [Some(1), Some(3), Some(9), Some(27), None]);
    }

    #[test]
    fn each_bracket_gets_its_share_of_a_cycle_spread_evenly() {
        let whole = Halving::new(Some(1), NonZeroU32::new(3).unwrap(), Some(27));
        let brackets = brackets(&whole, usize::MAX);
        let cycle: u64 = brackets.iter().map(|(_, share)| share).sum();
        let mut counts = vec![0; brackets.len()];
        for id in 0..cycle {
            let index = bracket_of(id, &brackets);
            counts[index] += 1;
            assert_eq!(index, bracket_of(id + cycle, &brackets));
            let expected = (id + 1) as f64 * brackets[index].1 as f64 / cycle as f64;
            assert!((f64::from(counts[index]) - expected).abs() < 2.0, "trial {id}");
        }
        let shares: Vec<_> = brackets.iter().map(|(_, share)| *share as i32).collect();
        assert_eq!(counts, shares);
    }
}
