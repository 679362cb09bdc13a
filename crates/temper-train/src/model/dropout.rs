//! Dropout whose masks are drawn from a run's seed.

use burn::tensor::{Tensor, TensorData};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::TrainConfig;
use crate::rng::{Draw, stream};

/// How finely a probability is told: each feature takes 16 bits of the generator.
const LEVELS: f64 = 65_536.0;

/// Dropout (Srivastava et al. 2014) during one forward pass: features become 0 with some
/// probability, and the others are scaled so that the expectation stays.
///
/// Masks are drawn one after the other from a generator that belongs to this pass of this step:
/// which ones depends on the seed, the step and the pass alone. A probability is rounded to a
/// multiple of 1/65,536; where it is 0 nothing is drawn and nothing computed.
pub(crate) struct Dropout {
    rng: ChaCha8Rng,
    /// Probability on embeddings and on what is written to the residual stream.
    residual: f64,
    /// Probability on the shares of attention.
    attention: f64,
    /// Probability on what enters an adapter.
    adapter: f64,
}

impl Dropout {
    /// That of a pass, counted from 0, of an optimizer step, counted from 0.
    pub(crate) fn new(config: &TrainConfig, step: u64, pass: u64) -> Dropout {
        Dropout {
            rng: stream(config.seed, Draw::Dropout { step, pass }),
            residual: config.dropout,
            attention: config.attention_dropout,
            adapter: config.lora_dropout.unwrap_or(0.0),
        }
    }

    /// None, as in evaluation.
    pub(crate) fn none() -> Dropout {
        Dropout { rng: stream(0, Draw::Weights), residual: 0.0, attention: 0.0, adapter: 0.0 }
    }

    /// Whether shares of attention are dropped.
    pub(super) fn is_on_attention(&self) -> bool {
        self.attention > 0.0
    }

    /// Drops features of embeddings or of what is written to the residual stream, `batch x seq x
    /// hidden`.
    pub(super) fn residual(&mut self, hidden: Tensor<3>) -> Tensor<3> {
        drop_features(hidden, self.residual, &mut self.rng)
    }

    /// Whether what enters an adapter is dropped.
    pub(super) fn is_on_adapters(&self) -> bool {
        self.adapter > 0.0
    }

    /// Drops features of what enters an adapter, `batch x seq x inputs`.
    pub(super) fn adapter(&mut self, input: Tensor<3>) -> Tensor<3> {
        drop_features(input, self.adapter, &mut self.rng)
    }

    /// Drops shares of attention, `batch x heads x seq x seq`.
    pub(super) fn attention(&mut self, shares: Tensor<4>) -> Tensor<4> {
        drop_features(shares, self.attention, &mut self.rng)
    }
}

/// The tensor, where each feature is 0 with this probability.
fn drop_features<const D: usize>(
    features: Tensor<D>,
    probability: f64,
    rng: &mut ChaCha8Rng,
) -> Tensor<D> {
    let dropped = dropped_levels(probability);
    if dropped == 0 {
        return features;
    }
    let kept = (LEVELS / (LEVELS - f64::from(dropped))) as f32;
    let shape = features.dims();
    let count = shape.iter().product::<usize>();
    let mut values = Vec::with_capacity(count + 3);
    while values.len() < count {
        let bits = rng.next_u64();
        values.extend(
            [0, 16, 32, 48]
                .map(|shift| if u32::from((bits >> shift) as u16) < dropped { 0.0 } else { kept }),
        );
    }
    values.truncate(count);
    let mask = Tensor::<D>::from_data(TensorData::new(values, shape), &features.device());
    features * mask
}

/// How many of the levels a probability drops: not all of them.
fn dropped_levels(probability: f64) -> u32 {
    (probability * LEVELS).round().min(LEVELS - 1.0) as u32
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    fn config(probability: f64) -> TrainConfig {
        TrainConfig {
            dropout: probability,
            attention_dropout: probability,
            ..TrainConfig::default()
        }
    }

    fn dropped(probability: f64, step: u64, pass: u64) -> Vec<f32> {
        let ones = Tensor::ones([5, 100, 31], &Device::flex());
        let dropped = Dropout::new(&config(probability), step, pass).residual(ones);
        dropped.into_data().try_to_vec().unwrap()
    }

    #[test]
    fn features_are_dropped_with_the_probability_and_keep_their_expectation() {
        for probability in [0.1, 0.5, 0.9] {
            let values = dropped(probability, 0, 0);
            let count = values.len() as f64;
            let share = values.iter().filter(|value| **value == 0.0).count() as f64 / count;
            let mean = values.iter().map(|value| f64::from(*value)).sum::<f64>() / count;
            // 15,500 draws: four standard errors of a share, and of a mean of what is kept.
            let error = 4.0 * (probability * (1.0 - probability) / count).sqrt();
            assert!((share - probability).abs() < error, "{share} is not {probability}");
            assert!((mean - 1.0).abs() < error / (1.0 - probability), "{mean} is not 1");
        }
    }

    #[test]
    fn masks_depend_on_the_seed_the_step_and_the_pass_and_follow_each_other() {
        assert_eq!(dropped(0.5, 3, 1), dropped(0.5, 3, 1));
        assert_ne!(dropped(0.5, 3, 1), dropped(0.5, 3, 0));
        assert_ne!(dropped(0.5, 3, 1), dropped(0.5, 4, 1));
        let mut dropout = Dropout::new(&config(0.5), 0, 0);
        let mut next = || {
            let shares = Tensor::ones([1, 2, 5, 5], &Device::flex());
            dropout.attention(shares).into_data().try_to_vec::<f32>().unwrap()
        };
        assert_ne!(next(), next());
    }

    #[test]
    fn nothing_is_drawn_where_the_probability_is_zero() {
        let mut dropout = Dropout::new(&config(0.0), 0, 0);
        let before = dropout.rng.get_word_pos();
        dropout.residual(Tensor::ones([1, 2, 3], &Device::flex()));
        assert_eq!(dropout.rng.get_word_pos(), before);
    }
}
