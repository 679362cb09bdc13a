//! How often a model finds the label of an example.

use burn::tensor::Device;

use crate::TrainError;
use crate::data::{Example, HeldOutExamples, Sequences};
use crate::device::device_failure;
use crate::model::{Model, log_probabilities};

/// The share of examples whose own label is the likeliest of all after their prompt, from 0 to 1;
/// `None` where examples have no labels.
///
/// A label's log-likelihood is the sum over its tokens and the end of text after them: with that,
/// a label that begins with another one does not lose to it for being longer. The first of equally
/// likely labels counts as the answer, so a model that knows nothing is right by chance alone.
///
/// # Errors
/// The device failed.
pub(super) fn accuracy(
    model: &Model,
    held_out: &HeldOutExamples,
    sequences: usize,
    device: &Device,
) -> Result<Option<f64>, TrainError> {
    let questions = held_out.examples.iter().filter_map(|it| Some((it, it.answer?)));
    let questions: Vec<_> = questions.collect();
    if questions.is_empty() {
        return Ok(None);
    }
    let candidates: Vec<Example> = questions
        .iter()
        .flat_map(|(example, answer)| {
            held_out.labels.iter().map(|label| example.with_label(answer.prompt, label))
        })
        .collect();
    let mut likelihoods = Vec::new();
    for batch in candidates.chunks(sequences) {
        likelihoods.extend(log_likelihoods(model, batch, device)?);
    }
    let found = likelihoods.chunks(held_out.labels.len()).zip(&questions);
    let right = found.filter(|(of_labels, (_, answer))| likeliest(of_labels) == answer.label);
    Ok(Some(right.count() as f64 / questions.len() as f64))
}

/// The sum of the log-probabilities of each example's trained tokens, in nats.
fn log_likelihoods(
    model: &Model,
    examples: &[Example],
    device: &Device,
) -> Result<Vec<f32>, TrainError> {
    let rows: Vec<Vec<&Example>> = examples.iter().map(|example| vec![example]).collect();
    let batch = Sequences::lay(&rows, device);
    let logits = model.forward(batch.inputs, batch.segments);
    let of_tokens = log_probabilities(logits, batch.targets); // [batch, seq]
    let of_tokens = match batch.weights {
        Some(weights) => of_tokens * weights,
        None => of_tokens,
    };
    let data = of_tokens.sum_dim(1).try_into_data();
    let data = data.map_err(|error| device_failure(error.to_string()))?;
    data.convert::<f32>().try_to_vec().map_err(|error| device_failure(format!("{error:?}")))
}

/// The number of the largest, the first of several.
fn likeliest(likelihoods: &[f32]) -> usize {
    let mut best = 0;
    for (number, likelihood) in likelihoods.iter().enumerate() {
        if *likelihood > likelihoods[best] {
            best = number;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equally_likely_labels_is_the_answer() {
        assert_eq!(likeliest(&[-3.0, -1.0, -1.0]), 1);
        assert_eq!(likeliest(&[-3.0]), 0);
    }
}
