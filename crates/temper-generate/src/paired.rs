//! Whether one setting is better than another on the same items.

use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use crate::Outcome;

// Away from the streams of `temper-core`, of sets and of examples.
const FLIPS_STREAM: u64 = (1 << 61) + 3;
const RESAMPLES_STREAM: u64 = (1 << 61) + 4;

/// Up to so many items that differ, all ways of swapping them are counted.
const COUNTED: usize = 16;
/// With more of them so many ways are drawn.
const FLIPS: u32 = 20_000;
/// How many samples of the items the interval is of.
const RESAMPLES: usize = 10_000;
/// Sums that differ by less, of the sum of all sizes, are equal: they add the same numbers in another
/// order.
const ROUNDING: f64 = 1e-9;

/// How two settings compare by a metric on the items that both were scored on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Paired {
    /// How many items.
    pub items: usize,
    /// The weighted mean of the first one's scores less that of the second one's.
    pub difference: f64,
    /// A 95 % interval of it: percentiles of the bootstrap over items (Efron 1979).
    pub interval: (f64, f64),
    /// How often it would be as far from 0 if each item's two scores were swapped by the toss of a
    /// coin: Fisher's randomization test (1935), two-sided. On scores of 0 and 1 it is `McNemar`'s
    /// exact test.
    pub p: f64,
}

impl Paired {
    /// Compares by their outcomes, which are matched by the items' names; `None` where there is no
    /// common item. The same outcomes give the same numbers.
    #[must_use]
    pub fn new(one: &[Outcome], other: &[Outcome], metric: &str) -> Option<Self> {
        let score = |outcome: &Outcome| outcome.scores.get(metric).map(|score| score.mean);
        let pairs = one.iter().filter_map(|it| {
            let twin = other.iter().find(|twin| twin.id == it.id)?;
            Some((it.weight, score(it)? - score(twin)?))
        });
        let pairs: Vec<(f64, f64)> = pairs.collect();
        let weights: f64 = pairs.iter().map(|(weight, _)| weight).sum();
        if pairs.is_empty() {
            return None;
        }
        let differences: Vec<f64> = pairs.iter().map(|(weight, by)| weight * by).collect();
        Some(Self {
            items: pairs.len(),
            difference: differences.iter().sum::<f64>() / weights,
            interval: interval(&pairs),
            p: p_of(&differences),
        })
    }
}

/// The share of ways to turn the signs that give a sum as far from 0.
fn p_of(differences: &[f64]) -> f64 {
    let size: f64 = differences.iter().map(|it| it.abs()).sum();
    let observed = differences.iter().sum::<f64>().abs() - ROUNDING * size;
    let differing: Vec<f64> = differences.iter().copied().filter(|it| *it != 0.0).collect();
    if differing.is_empty() {
        return 1.0;
    }
    let is_as_far = |sum: f64| sum.abs() >= observed;
    if differing.len() <= COUNTED {
        let ways = 1_u32 << differing.len();
        let sum = |way: u32| {
            let signed = differing.iter().enumerate();
            signed.map(|(at, by)| if way >> at & 1 == 1 { -by } else { *by }).sum::<f64>()
        };
        let count = (0..ways).filter(|way| is_as_far(sum(*way))).count();
        return count as f64 / f64::from(ways);
    }
    let mut rng = temper_core::stream(0, FLIPS_STREAM);
    let mut drawn = || differing.iter().map(|by| if rng.random() { -by } else { *by }).sum::<f64>();
    let count = (0..FLIPS).filter(|_| is_as_far(drawn())).count();
    // The way that was seen is one of them (Phipson and Smyth 2010).
    (count as f64 + 1.0) / (f64::from(FLIPS) + 1.0)
}

/// The 2.5th and the 97.5th percentile of the weighted mean over items drawn with replacement.
fn interval(pairs: &[(f64, f64)]) -> (f64, f64) {
    let mut rng = temper_core::stream(0, RESAMPLES_STREAM);
    let mut mean = || {
        let drawn = (0..pairs.len()).map(|_| pairs[rng.random_range(0..pairs.len())]);
        let (weights, sum) = drawn
            .fold((0.0, 0.0), |(weights, sum), (weight, by)| (weights + weight, sum + weight * by));
        sum / weights
    };
    let mut means: Vec<f64> = (0..RESAMPLES).map(|_| mean()).collect();
    means.sort_by(f64::total_cmp);
    (means[RESAMPLES / 40], means[RESAMPLES - 1 - RESAMPLES / 40])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::Scored;

    fn outcomes(scores: &[f64]) -> Vec<Outcome> {
        let outcome = |(index, mean): (usize, &f64)| Outcome {
            id: index.to_string(),
            weight: 1.0,
            scores: BTreeMap::from([("right".to_owned(), Scored { mean: *mean, variance: None })]),
            answers: Vec::new(),
            errors: Vec::new(),
            unscored: Vec::new(),
        };
        scores.iter().enumerate().map(outcome).collect()
    }

    #[test]
    fn on_right_and_wrong_it_is_mcnemars_exact_test() {
        // 7 items that only the first has right, 1 that only the second has: twice the chance of at
        // most 1 head in 8 tosses, 2 * 9 / 256.
        let one = [[1.0; 7].as_slice(), &[0.0], &[1.0; 12]].concat();
        let other = [[0.0; 7].as_slice(), &[1.0], &[1.0; 12]].concat();
        let paired = Paired::new(&outcomes(&one), &outcomes(&other), "right").unwrap();
        assert_eq!((paired.items, paired.p), (20, 18.0 / 256.0));
        assert!((paired.difference - 0.3).abs() < 1e-12);
        let (low, high) = paired.interval;
        assert!((0.0..0.3).contains(&low) && high > 0.3 && high < 0.7, "{low} to {high}");
        let twin = Paired::new(&outcomes(&other), &outcomes(&one), "right").unwrap();
        assert_eq!((twin.difference, twin.p), (-paired.difference, paired.p));
    }

    #[test]
    fn many_items_are_tested_by_draws_that_agree_with_the_count() {
        // 30 against 10 of 40 that differ: by the binomial distribution p = 0.0022.
        let one = [[1.0; 30], [0.0; 30]].concat();
        let other = [[0.0; 30].as_slice(), &[1.0; 10], &[0.0; 20]].concat();
        let p = Paired::new(&outcomes(&one), &outcomes(&other), "right").unwrap().p;
        // The standard deviation of the draws' share is 0.0003.
        assert!((p - 0.0022).abs() < 0.0012, "{p}");
    }

    #[test]
    fn what_is_equal_does_not_differ_and_what_has_no_item_is_not_compared() {
        let same = outcomes(&[0.2, 0.7]);
        let paired = Paired::new(&same, &same, "right").unwrap();
        assert_eq!((paired.difference, paired.interval, paired.p), (0.0, (0.0, 0.0), 1.0));
        assert_eq!(Paired::new(&same, &[], "right"), None);
        assert_eq!(Paired::new(&same, &same, "other"), None);
    }
}
