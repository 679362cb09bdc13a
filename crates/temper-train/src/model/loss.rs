//! What training minimises.

use burn::tensor::{Int, Tensor, activation::log_softmax};

/// The cross-entropy of `targets` (`batch x seq`) under `logits` (`batch x seq x vocabulary`),
/// each times its weight (`batch x seq`; `None`: 1), summed, in nats.
///
/// It is a sum so that passes of one optimizer step add up: whoever takes a step divides by the
/// targets of all its passes, and a gradient in parts is that of the whole batch however unevenly
/// the targets are spread.
pub(crate) fn cross_entropy(
    logits: Tensor<3>,
    targets: Tensor<2, Int>,
    weights: Option<Tensor<2>>,
) -> Tensor<1> {
    let log_probabilities = log_probabilities(logits, targets);
    let weighed = match weights {
        Some(weights) => log_probabilities * weights,
        None => log_probabilities,
    };
    weighed.sum().neg()
}

/// The logarithms of the probabilities that `logits` (`batch x seq x vocabulary`) give `targets`
/// (`batch x seq`): `batch x seq`, in nats.
///
/// The logarithm of the softmax is taken at once, with the largest logit subtracted: it neither
/// overflows nor becomes the logarithm of 0.
pub(crate) fn log_probabilities(logits: Tensor<3>, targets: Tensor<2, Int>) -> Tensor<2> {
    let [batch, seq, vocabulary] = logits.dims();
    let logits = logits.reshape([batch * seq, vocabulary]); // [batch * seq, vocabulary]
    let targets = targets.reshape([batch * seq, 1]); // [batch * seq, 1]
    log_softmax(logits, 1).gather(1, targets).reshape([batch, seq])
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    fn loss(
        logits: [[[f32; 3]; 2]; 1],
        targets: [[i32; 2]; 1],
        weights: Option<[[f32; 2]; 1]>,
    ) -> f32 {
        let device = Device::flex();
        let weights = weights.map(|weights| Tensor::from_data(weights, &device));
        let logits = Tensor::from_data(logits, &device);
        cross_entropy(logits, Tensor::from_data(targets, &device), weights).into_scalar()
    }

    #[test]
    fn equal_logits_cost_the_logarithm_of_the_vocabulary() {
        let loss = loss([[[5.0; 3]; 2]], [[0, 2]], None);
        assert!((loss - 2.0 * 3f32.ln()).abs() < 1e-6);
    }

    #[test]
    fn the_loss_is_the_sum_of_the_negative_log_probabilities_times_the_weights() {
        // ln(1 + e + e^2) - 2 and ln(e + 2) - 0.
        let parts = [0.407_605_96, 1.551_444_7];
        let logits = [[[0.0, 1.0, 2.0], [1.0, 0.0, 0.0]]];
        let all = loss(logits, [[2, 1]], None);
        assert!((all - parts[0] - parts[1]).abs() < 1e-6, "{all} is not the sum of {parts:?}");
        let second = loss(logits, [[2, 1]], Some([[0.0, 1.0]]));
        assert!((second - parts[1]).abs() < 1e-6, "{second} is not {}", parts[1]);
    }

    #[test]
    fn huge_logits_stay_finite() {
        let loss = loss([[[3e4, -3e4, 0.0], [0.0, 3e4, -3e4]]], [[1, 1]], None);
        assert_eq!(loss, 6e4);
    }
}
