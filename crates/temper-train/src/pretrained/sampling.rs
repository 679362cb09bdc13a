//! Choosing the next token.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::PretrainedError;

/// How the next token is chosen; by default the most probable one.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampling {
    /// Divides the logits, at least 0; 0 takes the most probable token.
    pub temperature: f64,
    /// Only this many of the most probable tokens are drawn; `None`: all.
    pub top_k: Option<usize>,
    /// Only the most probable tokens are drawn that together have this probability, in (0, 1]
    /// (Holtzman et al. 2020).
    pub top_p: f64,
    /// Seed of the draws.
    pub seed: u64,
}

impl Default for Sampling {
    fn default() -> Self {
        Sampling { temperature: 0.0, top_k: None, top_p: 1.0, seed: 0 }
    }
}

impl Sampling {
    /// # Errors
    /// The first setting that is out of its bounds.
    pub(super) fn validate(&self) -> Result<(), PretrainedError> {
        let refuse = |key, value: f64, fault| {
            Err(PretrainedError::Sampling { key, value: value.to_string(), fault })
        };
        if !(self.temperature.is_finite() && self.temperature >= 0.0) {
            return refuse("temperature", self.temperature, "not a number of at least 0");
        }
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            return refuse("top_p", self.top_p, "not above 0 and at most 1");
        }
        if self.top_k == Some(0) {
            return refuse("top_k", 0.0, "below 1");
        }
        Ok(())
    }

    /// Chooses by the logarithms of the probabilities; of equals, the first.
    pub(crate) fn choose(&self, log_probabilities: &[f32], rng: &mut ChaCha8Rng) -> u32 {
        let mut order: Vec<usize> = (0..log_probabilities.len()).collect();
        let falling =
            |a: &usize, b: &usize| log_probabilities[*b].total_cmp(&log_probabilities[*a]);
        if self.temperature == 0.0 {
            return order.into_iter().min_by(falling).map_or(0, |token| token as u32);
        }
        order.sort_by(falling);
        order.truncate(self.top_k.unwrap_or(usize::MAX));
        let largest = f64::from(log_probabilities[order[0]]);
        let weight = |token: &usize| {
            ((f64::from(log_probabilities[*token]) - largest) / self.temperature).exp()
        };
        let weights: Vec<f64> = order.iter().map(weight).collect();
        let kept = self.top_p * weights.iter().sum::<f64>();
        let mut sum = 0.0;
        let end = weights.iter().position(|weight| {
            sum += weight;
            sum >= kept
        });
        let end = end.map_or(order.len(), |last| last + 1);
        let mut left = rng.random::<f64>() * weights[..end].iter().sum::<f64>();
        let drawn = weights[..end].iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        order[drawn.unwrap_or(end - 1)] as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Draw, stream};

    /// How often each of three tokens is drawn in 3,000 draws.
    fn counts(sampling: &Sampling) -> [u32; 3] {
        let mut rng = stream(sampling.seed, Draw::Text);
        let logs = [0.2_f32, 0.5, 0.3].map(f32::ln);
        let mut counts = [0; 3];
        (0..3_000).for_each(|_| counts[sampling.choose(&logs, &mut rng) as usize] += 1);
        counts
    }

    #[test]
    fn tokens_are_drawn_as_often_as_their_probability_says() {
        assert_eq!(counts(&Sampling::default()), [0, 3_000, 0]);
        // Standard deviations of at most 27.
        for (count, expected) in counts(&Sampling { temperature: 1.0, ..Sampling::default() })
            .into_iter()
            .zip([600, 1_500, 900])
        {
            assert!(count.abs_diff(expected) < 110, "{count}");
        }
    }

    #[test]
    fn top_k_and_top_p_leave_out_the_least_probable() {
        let warm = Sampling { temperature: 1.0, ..Sampling::default() };
        assert_eq!(counts(&Sampling { top_k: Some(2), ..warm.clone() })[0], 0);
        assert_eq!(counts(&Sampling { top_p: 0.7, ..warm.clone() })[0], 0);
        assert_eq!(counts(&Sampling { top_p: 0.4, ..warm }), [0, 3_000, 0]);
    }
}
