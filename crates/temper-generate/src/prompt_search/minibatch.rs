//! The items of a round.

use rand::seq::SliceRandom;
use temper_core::Rng;

/// What nothing is better than: scores are from 0 to 1.
const BEST_SCORE: f64 = 1.0;

/// The items that are shown are drawn among so many times as many of the worst: with graded scores
/// each round would else show the same ones.
const AMONG: usize = 2;

/// The items of a round, by their places.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Minibatch {
    /// On these the parent failed.
    pub(super) failed: Vec<usize>,
    /// As many others, as far as there are so many.
    others: Vec<usize>,
}

impl Minibatch {
    /// Draws some of the items with the lowest scores of those that are not at their best, and as
    /// many of all others; `None` if there is none. Items without a score are not drawn.
    pub(super) fn draw(scores: &[Option<f64>], failures: usize, rng: &mut Rng) -> Option<Self> {
        let scored =
            scores.iter().enumerate().filter_map(|(index, score)| Some((index, (*score)?)));
        let mut order: Vec<(usize, f64)> = scored.collect();
        order.shuffle(rng);
        order.sort_by(|(_, one), (_, other)| one.total_cmp(other)); // equal ones stay as drawn
        let failing = order.iter().take_while(|(_, score)| *score < BEST_SCORE).count();
        if failing == 0 {
            return None;
        }
        let mut order: Vec<usize> = order.into_iter().map(|(index, _)| index).collect();
        order[..failing.min(failures * AMONG)].shuffle(rng);
        let mut others = order.split_off(failing.min(failures));
        others.shuffle(rng);
        others.truncate(order.len());
        Some(Self { failed: order, others })
    }

    /// All of them, in their order.
    pub(super) fn all(&self) -> Vec<usize> {
        let mut all: Vec<usize> = self.failed.iter().chain(&self.others).copied().collect();
        all.sort_unstable();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(scores: &[f64], failures: usize, seed: u64) -> Option<Minibatch> {
        let scores: Vec<Option<f64>> = scores.iter().copied().map(Some).collect();
        Minibatch::draw(&scores, failures, &mut temper_core::stream(seed, 0))
    }

    #[test]
    fn failures_are_drawn_among_the_worst_and_as_many_others_beside_them() {
        let scores: Vec<f64> = (0..20).map(|index| f64::from(index) / 19.0).collect();
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..50 {
            let drawn = draw(&scores, 3, seed).unwrap();
            assert_eq!((drawn.failed.len(), drawn.others.len(), drawn.all().len()), (3, 3, 6));
            assert!(drawn.failed.iter().all(|index| *index < 6), "{drawn:?}");
            assert_eq!(draw(&scores, 3, seed), Some(drawn.clone()), "the seed decides");
            seen.extend(drawn.failed);
        }
        assert_eq!(seen.len(), 6, "each of the worst has its turn");
    }

    #[test]
    fn what_is_right_is_no_failure_and_what_has_no_score_is_not_drawn() {
        assert_eq!(draw(&[1.0, 1.0], 3, 0), None);
        let drawn = draw(&[1.0, 0.0, 1.0, 0.5, 1.0], 3, 0).unwrap();
        let mut failed = drawn.failed.clone();
        failed.sort_unstable();
        assert_eq!((failed, drawn.others.len()), (vec![1, 3], 2));
        let scores = [None, Some(0.0), None];
        let drawn = Minibatch::draw(&scores, 3, &mut temper_core::stream(0, 0)).unwrap();
        assert_eq!(drawn.all(), [1]);
        assert_eq!(Minibatch::draw(&[None], 3, &mut temper_core::stream(0, 0)), None);
    }
}
