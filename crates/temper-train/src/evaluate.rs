//! The loss on held-out text.

use std::f64::consts::LN_2;

use burn::tensor::Device;

use crate::data::{HeldOut, Sequences};
use crate::model::{Model, cross_entropy};
use crate::progress::read;
use crate::{TrainConfig, TrainError};

/// How well a model predicts the held-out text.
pub(crate) struct Evaluation {
    /// Mean loss in nats per token.
    pub loss: f64,
    /// The same loss per byte of text, in bits.
    pub bits_per_byte: f64,
}

/// Scores every held-out token but the first once, in windows of `max_seq_length` that do not
/// overlap, `sequences` windows at a time; a prediction sees the tokens before it in its window.
///
/// # Errors
/// The device failed.
pub(crate) fn evaluate(
    model: &Model,
    held_out: &HeldOut,
    sequences: usize,
    config: &TrainConfig,
    device: &Device,
) -> Result<Evaluation, TrainError> {
    let targets = held_out.tokens.len() - 1;
    let length = config.max_seq_length;
    let full: Vec<usize> = (0..targets / length).map(|window| window * length).collect();
    let rest = targets % length;
    let last = (rest > 0).then_some([targets - rest]);
    let batches = full.chunks(sequences).map(|starts| (starts, length));
    let batches = batches.chain(last.iter().map(|start| (&start[..], rest)));

    let mut sum = 0.0;
    for (starts, length) in batches {
        let windows = Sequences::cut(&held_out.tokens, starts, length, device);
        let loss = cross_entropy(model.forward(windows.inputs), windows.targets);
        sum += read(loss)? * (starts.len() * length) as f64;
    }
    Ok(Evaluation { loss: sum / targets as f64, bits_per_byte: sum / LN_2 / held_out.bytes as f64 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loss(sequences: usize, tokens: usize) -> f64 {
        let config = TrainConfig {
            hidden_size: 16,
            num_layers: 1,
            max_seq_length: 8,
            ..TrainConfig::default()
        };
        let device = Device::flex();
        let tokens: Vec<u32> = (0..tokens as u32).map(|index| index * 7 % 256).collect();
        let held_out = HeldOut { bytes: tokens.len() as u64 - 1, tokens };
        let model = Model::new(&config, &device);
        let evaluation = evaluate(&model, &held_out, sequences, &config, &device).unwrap();
        assert!((evaluation.bits_per_byte - evaluation.loss / LN_2).abs() < 1e-12);
        evaluation.loss
    }

    #[test]
    fn every_target_counts_once_whatever_the_batch() {
        for tokens in [2, 5, 9, 10, 30] {
            assert!((loss(1, tokens) - loss(3, tokens)).abs() < 1e-6);
        }
    }

    #[test]
    fn a_model_that_knows_nothing_costs_the_logarithm_of_the_vocabulary() {
        assert!((loss(4, 100) - 256f64.ln()).abs() < 0.1);
    }
}
