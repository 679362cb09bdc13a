//! The output layer and the loss, without the logits of all tokens at once.

use std::sync::Arc;

use burn::tensor::Tensor;
use faer::{Accum, MatRef};
use rayon::prelude::*;

use super::lanes::{exp_sum, max, vectorized};
use super::matrix::{matrix, multiply};
use super::operation::{Array, Operation, apply};

/// Tokens whose logits are held at once: more would need more memory, fewer read the weights more
/// often.
const BLOCK_TOKENS: usize = 256;

/// How the weights of an output layer lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OutputWeights {
    /// Those of an embedding, `vocabulary x hidden`.
    Embedding,
    /// Those of a linear layer, `hidden x vocabulary`.
    Linear,
}

/// The sum of the cross-entropies of `targets` (one for each token, `None`: not counted) under the
/// logits `hidden x weights`, in nats; hidden is `batch x seq x hidden`. The weights are a parameter,
/// trained or frozen: what is computed of parameters would be given no gradient.
pub(crate) fn output_loss(
    hidden: Tensor<3>,
    weights: Tensor<2>,
    layout: OutputWeights,
    targets: Arc<[Option<u32>]>,
) -> Tensor<1> {
    let trains_weights = weights.is_require_grad();
    let operation = OutputLoss { layout, targets, trains_weights };
    apply(&operation, [hidden.into(), weights.into()])
}

/// Of hidden, weights. The gradients are computed with the loss, while the logits are at hand.
#[derive(Clone, Debug)]
struct OutputLoss {
    layout: OutputWeights,
    targets: Arc<[Option<u32>]>,
    trains_weights: bool,
}

/// Gradients that grow with the blocks.
struct Growing {
    hidden: Vec<f32>,
    /// Empty where they are not trained.
    weights: Vec<f32>,
}

impl OutputLoss {
    /// The loss; `gradients` are written where they are asked for.
    fn run(&self, hidden: &Array, weights: &Array, mut gradients: Option<&mut Growing>) -> f32 {
        let width = hidden.width();
        // [hidden, vocabulary]
        let output = match self.layout {
            OutputWeights::Embedding => matrix(weights.values(), width).transpose(),
            OutputWeights::Linear => matrix(weights.values(), weights.width()),
        };
        let vocabulary = output.ncols();
        let mut logits = vec![0.0; BLOCK_TOKENS.min(self.targets.len()) * vocabulary];
        let mut total = 0.0;
        let blocks = hidden.values().chunks(BLOCK_TOKENS * width);
        for (index, hidden) in blocks.enumerate() {
            let tokens = hidden.len() / width;
            let targets = &self.targets[index * BLOCK_TOKENS..][..tokens];
            let logits = &mut logits[..tokens * vocabulary];
            let hidden = matrix(hidden, width);
            multiply(logits, Accum::Replace, hidden, output);
            let losses: Vec<f64> = logits
                .par_chunks_mut(vocabulary)
                .zip(targets)
                .map(|(logits, target)| {
                    vectorized(
                        #[inline(always)]
                        || self.token(logits, *target),
                    )
                })
                .collect();
            total += losses.iter().sum::<f64>();
            if let Some(gradients) = &mut gradients {
                let by_logits = matrix(logits, vocabulary);
                let at = index * BLOCK_TOKENS * width;
                let by_hidden = &mut gradients.hidden[at..at + tokens * width];
                multiply(by_hidden, Accum::Replace, by_logits, output.transpose());
                self.add_by_weights(&mut gradients.weights, hidden, by_logits);
            }
        }
        total as f32
    }

    fn add_by_weights(
        &self,
        gradient: &mut [f32],
        hidden: MatRef<'_, f32>,
        by_logits: MatRef<'_, f32>,
    ) {
        match self.layout {
            _ if !self.trains_weights => {}
            OutputWeights::Embedding => {
                multiply(gradient, Accum::Add, by_logits.transpose(), hidden);
            }
            OutputWeights::Linear => {
                multiply(gradient, Accum::Add, hidden.transpose(), by_logits);
            }
        }
    }

    /// The loss of one token; its gradient takes the place of the logits.
    #[inline(always)]
    fn token(&self, logits: &mut [f32], target: Option<u32>) -> f64 {
        let Some(target) = target else {
            logits.fill(0.0);
            return 0.0;
        };
        let largest = max(logits);
        let target_logit = logits[target as usize];
        let total = exp_sum(logits, largest);
        let log_sum = largest + total.ln();
        let factor = total.recip();
        logits.iter_mut().for_each(|share| *share *= factor);
        logits[target as usize] -= 1.0;
        f64::from(log_sum) - f64::from(target_logit)
    }
}

impl Operation<2> for OutputLoss {
    type Saved = [Option<Array>; 2];

    fn forward(&self, [hidden, weights]: [Array; 2]) -> (Array, Self::Saved) {
        let by_weights = if self.trains_weights { weights.values().len() } else { 0 };
        let mut gradients =
            Growing { hidden: vec![0.0; hidden.values().len()], weights: vec![0.0; by_weights] };
        let loss = self.run(&hidden, &weights, Some(&mut gradients));
        let by_weights =
            self.trains_weights.then(|| Array::new(gradients.weights, weights.shape()));
        let saved = [Some(Array::new(gradients.hidden, hidden.shape())), by_weights];
        (Array::new(vec![loss], [1]), saved)
    }

    fn infer(&self, [hidden, weights]: [Array; 2]) -> Array {
        Array::new(vec![self.run(&hidden, &weights, None)], [1])
    }

    fn backward(&self, saved: Self::Saved, gradient: Array, _: [bool; 2]) -> [Option<Array>; 2] {
        let factor = gradient.values()[0];
        saved.map(|gradient| gradient.map(|gradient| gradient.scaled(factor)))
    }
}
