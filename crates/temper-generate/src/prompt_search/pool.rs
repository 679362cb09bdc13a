//! The texts that were tried on all items, and which of them is rewritten next.

use rand::RngExt as _;
use temper_core::Rng;

use crate::Outcome;

/// Means that differ by less are equal: they add the same numbers in another order.
const ROUNDING: f64 = 1e-9;

/// A text that was tried on all items.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// The round that it was proposed in; 0: it is where the search started.
    pub(super) round: u32,
    pub(super) text: String,
    /// Of all items, in their order.
    pub(super) outcomes: Vec<Outcome>,
    /// By the metric, of all items that were scored.
    pub(super) mean: f64,
}

/// The texts that were tried on all items, at least one, in the order of their rounds.
#[derive(Debug)]
pub(super) struct Pool {
    metric: String,
    kept: Vec<Kept>,
}

impl Pool {
    pub(super) fn new(metric: &str, start: Kept) -> Self {
        Self { metric: metric.to_owned(), kept: vec![start] }
    }

    pub(super) fn add(&mut self, kept: Kept) {
        self.kept.push(kept);
    }

    /// The one with the best mean; of equal ones the earlier.
    pub(super) fn best(&self) -> &Kept {
        self.kept.iter().fold(
            &self.kept[0],
            |best, it| {
                if it.mean > best.mean + ROUNDING { it } else { best }
            },
        )
    }

    /// The scores of all items, in their order; `None`: it has none.
    pub(super) fn scores(&self, kept: &Kept) -> Vec<Option<f64>> {
        kept.outcomes.iter().map(|it| it.scores.get(&self.metric).map(|it| it.mean)).collect()
    }

    /// Draws who is rewritten next, in proportion to the number of items on which nobody is better:
    /// algorithm 2 of Agrawal et al. (2025).
    pub(super) fn draw_parent(&self, rng: &mut Rng) -> &Kept {
        let fronts = self.fronts();
        let total: usize = fronts.iter().sum();
        let mut drawn = if total == 0 { 0 } else { rng.random_range(0..total) };
        for (kept, items) in self.kept.iter().zip(fronts) {
            if drawn < items {
                return kept;
            }
            drawn -= items;
        }
        self.best() // no item has a score
    }

    /// On how many items each one is among the best; on none if another one dominates it.
    fn fronts(&self) -> Vec<usize> {
        let all: Vec<Vec<Option<f64>>> = self.kept.iter().map(|it| self.scores(it)).collect();
        let is_dominated = |one: &[Option<f64>]| all.iter().any(|other| dominates(other, one));
        let count = |one: &Vec<Option<f64>>| {
            let is_best = |item: &usize| {
                one[*item].is_some() && all.iter().all(|other| other[*item] <= one[*item])
            };
            if is_dominated(one) { 0 } else { (0..one.len()).filter(is_best).count() }
        };
        all.iter().map(count).collect()
    }
}

/// Whether the first is nowhere worse, and somewhere better. No score is worse than any.
fn dominates(one: &[Option<f64>], other: &[Option<f64>]) -> bool {
    let pairs = || one.iter().zip(other);
    pairs().all(|(one, other)| one >= other) && pairs().any(|(one, other)| one > other)
}

/// The weighted mean of the items that have a score, if one has.
pub(super) fn mean(outcomes: &[Outcome], metric: &str) -> Option<f64> {
    weighted(outcomes.iter().filter_map(|it| Some((it.weight, it.scores.get(metric)?.mean))))
}

/// How much better the first is, on the items that both have a score on; the outcomes are of the
/// same items. What is within rounding is nothing.
pub(super) fn lead(one: &[Outcome], other: &[Outcome], metric: &str) -> Option<f64> {
    let pairs = one.iter().zip(other);
    let leads = pairs.filter_map(|(one, other)| {
        Some((one.weight, one.scores.get(metric)?.mean - other.scores.get(metric)?.mean))
    });
    weighted(leads).map(|lead| if lead.abs() < ROUNDING { 0.0 } else { lead })
}

fn weighted(values: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
    let (weights, sum) = values.fold((0.0, 0.0), |(weights, sum), (weight, value)| {
        (weights + weight, sum + weight * value)
    });
    (weights > 0.0).then(|| sum / weights)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::Scored;

    const METRIC: &str = "right";

    fn outcomes(scores: &[f64]) -> Vec<Outcome> {
        let outcome = |(index, mean): (usize, &f64)| Outcome {
            id: index.to_string(),
            weight: 1.0,
            // Below 0: it could not be scored.
            scores: (*mean >= 0.0)
                .then(|| (METRIC.to_owned(), Scored { mean: *mean, variance: None }))
                .into_iter()
                .collect(),
            answers: Vec::new(),
            errors: Vec::new(),
            unscored: Vec::new(),
        };
        scores.iter().enumerate().map(outcome).collect()
    }

    fn kept(round: u32, scores: &[f64]) -> Kept {
        let outcomes = outcomes(scores);
        let mean = mean(&outcomes, METRIC).unwrap();
        Kept { round, text: round.to_string(), outcomes, mean }
    }

    fn pool(all: &[&[f64]]) -> Pool {
        let mut all = (0..).zip(all).map(|(round, scores)| kept(round, scores));
        let mut pool = Pool::new(METRIC, all.next().unwrap());
        all.for_each(|kept| pool.add(kept));
        pool
    }

    #[test]
    fn parents_are_drawn_by_the_items_on_which_nobody_is_better() {
        // The second has more on the first item, and is worse on the last two; the third is
        // dominated by the first, the fourth is nowhere the best.
        let all: [&[f64]; 4] = [
            &[0.0, 1.0, 1.0, 1.0],
            &[1.0, 1.0, 0.0, 0.0],
            &[0.0, 1.0, 1.0, 0.0],
            &[0.5, 0.5, 0.5, 0.5],
        ];
        let pool = pool(&all);
        assert_eq!(pool.fronts(), [3, 2, 0, 0]);
        let mut drawn: BTreeMap<u32, usize> = BTreeMap::new();
        for seed in 0..1000 {
            let parent = pool.draw_parent(&mut temper_core::stream(seed, 0));
            *drawn.entry(parent.round).or_default() += 1;
        }
        assert_eq!(drawn.keys().copied().collect::<Vec<_>>(), [0, 1]);
        // Of 1000 draws 600 are expected, with a standard deviation of 15.5.
        assert!((540..660).contains(&drawn[&0]), "{drawn:?}");
    }

    #[test]
    fn equal_texts_share_their_items_and_what_has_no_score_is_nobodys() {
        assert_eq!(pool(&[&[1.0, 0.0], &[1.0, 0.0]]).fronts(), [2, 2]);
        assert_eq!(pool(&[&[-1.0, 0.5], &[-1.0, 0.2]]).fronts(), [1, 0]);
        assert_eq!(pool(&[&[-1.0, 0.5], &[0.0, 0.2]]).fronts(), [1, 1]);
    }

    #[test]
    fn the_best_has_the_best_mean_and_of_equal_ones_it_is_the_earlier() {
        assert_eq!(pool(&[&[0.5, 0.5], &[1.0, 0.0], &[0.0, 1.0]]).best().round, 0);
        assert_eq!(pool(&[&[0.0, 0.5], &[1.0, 0.0], &[0.0, 1.0]]).best().round, 1);
    }

    #[test]
    fn a_lead_is_that_on_the_items_that_both_were_scored_on() {
        let lead = |one: &[f64], other: &[f64]| lead(&outcomes(one), &outcomes(other), METRIC);
        assert_eq!(lead(&[1.0, 0.5], &[0.5, 0.5]), Some(0.25));
        assert_eq!(lead(&[-1.0, 0.5], &[1.0, 0.5]), Some(0.0));
        assert_eq!(lead(&[0.3, 0.0, 0.0], &[0.0, 0.1, 0.2]), Some(0.0), "it is but rounding");
        assert_eq!(lead(&[-1.0], &[1.0]), None);
    }
}
