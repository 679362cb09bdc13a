//! Who leads, and who is so far behind that no further run is spent on it.

use super::{Confirmation, Out};

/// Before so many common seeds nobody leaves the race.
const LEAST: usize = 3;

/// How likely one of the others is to be dropped by a look though it is as good as the leader: the
/// one-sided level of the t-test, divided by the number of comparisons (Bonferroni). Looks after
/// further seeds are not corrected for.
const ALPHA: f64 = 0.05;

impl Confirmation {
    /// The one that leads after so many seeds, of those that are in the race and have a result.
    pub(super) fn leader(&self, seeds: usize) -> Option<usize> {
        let racing = (0..self.candidates.len()).filter(|it| self.candidates[*it].out.is_none());
        self.best_of(racing, seeds)
    }

    /// The best of some that have a result: each is compared with the best of those before it, who
    /// stays the best if they are equal or share no seed.
    pub(super) fn best_of(
        &self,
        places: impl Iterator<Item = usize>,
        seeds: usize,
    ) -> Option<usize> {
        let is_better = |place: usize, best: usize| {
            let (candidate, best) = (&self.candidates[place], &self.candidates[best]);
            if candidate.is_feasible != best.is_feasible {
                return candidate.is_feasible;
            }
            candidate.above_until(best, seeds).is_some_and(|above| above.mean() < 0.0)
        };
        places
            .filter(|place| self.candidates[*place].completed(seeds) > 0)
            .reduce(|best, place| if is_better(place, best) { place } else { best })
    }

    /// Lets those leave who are behind, by one seed after the other.
    pub(super) fn race(&mut self) {
        let level = ALPHA / (self.candidates.len() - 1).max(1) as f64;
        for seeds in LEAST.min(self.seeds.len())..=self.seeds.len() {
            let racing: Vec<usize> = (0..self.candidates.len())
                .filter(|it| self.candidates[*it].out.is_none())
                .collect();
            if !racing.iter().all(|it| self.candidates[*it].is_over(seeds)) {
                return;
            }
            for &place in &racing {
                let candidate = &mut self.candidates[place];
                let failed = candidate.failed(seeds);
                if failed > 0 && failed >= candidate.completed(seeds) {
                    candidate.out = Some(Out::Failed { seeds, failed });
                }
            }
            let Some(leader) = self.leader(seeds) else { continue };
            for place in racing.into_iter().filter(|it| *it != leader) {
                let above = self.candidates[place].above_until(&self.candidates[leader], seeds);
                let chance = above
                    .filter(|it| it.count() >= LEAST)
                    .and_then(|it| it.chance_above_zero())
                    .unwrap_or(0.0);
                let candidate = &mut self.candidates[place];
                if candidate.out.is_none() && 1.0 - chance < level {
                    candidate.out = Some(Out::Worse { seeds, chance });
                }
            }
        }
    }
}
