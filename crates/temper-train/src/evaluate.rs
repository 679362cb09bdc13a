//! How well a model does on what is held out.

mod accuracy;

use std::f64::consts::LN_2;

use burn::tensor::Device;

use crate::data::{Example, HeldOut, HeldOutExamples, HeldOutText, Sequences};
use crate::model::{Dropout, Model};
use crate::progress::read;
use crate::{TrainConfig, TrainError};

use accuracy::accuracy;

/// How well a model predicts what is held out.
pub(crate) struct Evaluation {
    /// Mean loss in nats per trained token.
    pub loss: f64,
    /// The same loss per byte of text, in bits.
    pub bits_per_byte: f64,
    /// Share of examples whose label is found, where they have labels.
    pub accuracy: Option<f64>,
}

/// Scores what is held out, `sequences` windows or examples at a time.
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
    match held_out {
        HeldOut::Text(text) => evaluate_text(model, text, sequences, config, device),
        HeldOut::Examples(examples) => evaluate_examples(model, examples, sequences, device),
    }
}

/// Scores every held-out token but the first once, in windows of `max_seq_length` that do not
/// overlap; a prediction sees the tokens before it in its window.
fn evaluate_text(
    model: &Model,
    held_out: &HeldOutText,
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
    let batches =
        batches.map(|(starts, length)| Sequences::cut(&held_out.tokens, starts, length, device));
    evaluation(model, batches, held_out.bytes)
}

/// Scores every trained token of every example, and asks for the label of each that has one.
fn evaluate_examples(
    model: &Model,
    held_out: &HeldOutExamples,
    sequences: usize,
    device: &Device,
) -> Result<Evaluation, TrainError> {
    // Examples of about the same length side by side need little padding.
    let mut examples: Vec<&Example> = held_out.examples.iter().collect();
    examples.sort_by_key(|example| example.inputs());
    let batches = examples.chunks(sequences).map(|examples| {
        let rows: Vec<Vec<&Example>> = examples.iter().map(|example| vec![*example]).collect();
        Sequences::lay(&rows, device)
    });
    let evaluation = evaluation(model, batches, held_out.bytes)?;
    Ok(Evaluation { accuracy: accuracy(model, held_out, sequences, device)?, ..evaluation })
}

fn evaluation(
    model: &Model,
    batches: impl Iterator<Item = Sequences>,
    bytes: u64,
) -> Result<Evaluation, TrainError> {
    let (mut sum, mut tokens) = (0.0, 0);
    for batch in batches {
        tokens += batch.trained;
        sum += read(model.loss(batch, &mut Dropout::none()))?;
    }
    let (loss, bits_per_byte) = (sum / tokens as f64, sum / LN_2 / bytes as f64);
    Ok(Evaluation { loss, bits_per_byte, accuracy: None })
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
        let held_out = HeldOut::Text(HeldOutText { bytes: tokens.len() as u64 - 1, tokens });
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
