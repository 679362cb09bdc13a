//! Counts of n-grams.

use std::collections::BTreeMap;

/// How often each run of `order` tokens occurs.
pub(super) fn counts<T: Ord>(tokens: &[T], order: usize) -> BTreeMap<&[T], usize> {
    let mut counts = BTreeMap::new();
    for ngram in tokens.windows(order) {
        *counts.entry(ngram).or_insert(0) += 1;
    }
    counts
}

/// How many n-grams are in both, each as often as it is in both.
pub(super) fn shared<T: Ord>(left: &BTreeMap<&[T], usize>, right: &BTreeMap<&[T], usize>) -> usize {
    left.iter().map(|(ngram, count)| (*count).min(right.get(ngram).copied().unwrap_or(0))).sum()
}
