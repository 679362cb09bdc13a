//! What the items so far add up to.

use std::collections::BTreeMap;

use temper_core::{ITEM, NOISE};

use crate::Prices;

use super::{Answered, Outcome, Scored};

/// What the items so far add up to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    outcomes: Vec<Outcome>,
}

impl Tally {
    pub(super) fn add(&mut self, outcome: Outcome) {
        self.outcomes.push(outcome);
    }

    /// The items so far, in their order.
    #[must_use]
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// Everything that is known by now, by name: the weighted mean of each scorer's metric, that
    /// with `item_` before it of the last item alone, that with `_noise` behind it, and those of
    /// [`METRICS`](super::METRICS).
    #[must_use]
    pub fn metrics(&self, prices: Option<Prices>) -> BTreeMap<String, f64> {
        let mut metrics = self.counts(prices);
        let names = self.outcomes.iter().flat_map(|outcome| outcome.scores.keys());
        let names: std::collections::BTreeSet<&String> = names.collect();
        for name in names {
            let scored =
                || self.outcomes.iter().filter_map(|it| Some((it.weight, it.scores.get(name)?)));
            let weights: f64 = scored().map(|(weight, _)| weight).sum();
            let sum: f64 = scored().map(|(weight, score)| weight * score.mean).sum();
            metrics.insert(name.clone(), sum / weights);
            let variances: Option<f64> = scored()
                .map(|(weight, score)| score.variance.map(|variance| weight.powi(2) * variance))
                .sum();
            if let Some(variance) = variances {
                metrics.insert(format!("{name}{NOISE}"), variance.sqrt() / weights);
            }
        }
        if let Some(last) = self.outcomes.last() {
            let own = last.scores.iter();
            metrics.extend(own.map(|(name, Scored { mean, .. })| (format!("{ITEM}{name}"), *mean)));
        }
        metrics
    }

    /// What is not a score.
    fn counts(&self, prices: Option<Prices>) -> BTreeMap<String, f64> {
        let mut counts = BTreeMap::new();
        let mut latencies: Vec<f64> = self.answers().map(|answer| answer.latency).collect();
        latencies.sort_by(f64::total_cmp);
        if !latencies.is_empty() {
            counts.insert("latency".to_owned(), quantile(&latencies, 0.5));
            counts.insert("latency_p95".to_owned(), quantile(&latencies, 0.95));
        }
        let input: Option<u64> = self.answers().map(|answer| answer.input_tokens).sum();
        let output: Option<u64> = self.answers().map(|answer| answer.output_tokens).sum();
        let number = |count: u64| count as f64;
        for (name, tokens) in [("input_tokens", input), ("output_tokens", output)] {
            counts.extend(tokens.map(|tokens| (name.to_owned(), number(tokens))));
        }
        if let (Some(input), Some(output)) = (input, output) {
            counts.insert("tokens".to_owned(), number(input + output));
            if let Some(prices) = prices {
                counts.insert("cost".to_owned(), prices.of(input, output));
            }
        }
        let refusals = self.answers().filter(|answer| answer.refused).count();
        let errors = self.outcomes.iter().map(|outcome| outcome.errors.len()).sum();
        let unscored = self.outcomes.iter().map(|outcome| outcome.unscored.len()).sum();
        for (name, count) in [("refusals", refusals), ("errors", errors), ("unscored", unscored)] {
            counts.insert(name.to_owned(), number(count as u64));
        }
        counts
    }

    /// What was said of the last request, if nothing was answered so far.
    pub(super) fn refused_throughout(&self) -> Option<&str> {
        let last = self.outcomes.iter().flat_map(|outcome| &outcome.errors).last();
        last.filter(|_| self.answers().next().is_none()).map(String::as_str)
    }

    /// Why the last answer could not be scored by this metric, if none could.
    pub(super) fn unscored_throughout(&self, metric: &str) -> Option<&str> {
        let mut all = self.outcomes.iter().flat_map(|outcome| &outcome.unscored);
        let last = all.rfind(|unscored| unscored.metric == metric);
        let has_none = self.outcomes.iter().all(|it| !it.scores.contains_key(metric));
        last.filter(|_| has_none).map(|unscored| unscored.reason.as_str())
    }

    fn answers(&self) -> impl Iterator<Item = &Answered> {
        self.outcomes.iter().flat_map(|outcome| &outcome.answers)
    }
}

/// The quantile of sorted numbers, at least one, between two of them linearly: type 7 of Hyndman
/// and Fan (1996), the default of R and numpy.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (place - place.floor()) * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_numpy() {
        let sorted = [1.0, 2.0, 4.0, 8.0];
        for (share, expected) in [(0.0, 1.0), (0.5, 3.0), (0.95, 7.4), (1.0, 8.0)] {
            // 0.95 of 3 is no number of binary digits.
            assert!((quantile(&sorted, share) - expected).abs() < 1e-12, "{share}");
        }
        assert_eq!(quantile(&[3.0], 0.95), 3.0);
    }
}
