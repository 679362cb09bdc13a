//! What training minimises.

use burn::tensor::{Int, Tensor, activation::log_softmax};

/// The mean cross-entropy of `targets` (`batch x seq`) under `logits` (`batch x seq x
/// vocabulary`), in nats per token.
///
/// The logarithm of the softmax is taken at once, with the largest logit subtracted: it neither
/// overflows nor becomes the logarithm of 0.
pub(crate) fn cross_entropy(logits: Tensor<3>, targets: Tensor<2, Int>) -> Tensor<1> {
    let [batch, seq, vocabulary] = logits.dims();
    let logits = logits.reshape([batch * seq, vocabulary]); // [batch * seq, vocabulary]
    let targets = targets.reshape([batch * seq, 1]); // [batch * seq, 1]
    log_softmax(logits, 1).gather(1, targets).mean().neg()
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    fn loss(logits: [[[f32; 3]; 2]; 1], targets: [[i32; 2]; 1]) -> f32 {
        let device = Device::flex();
        let logits = Tensor::from_data(logits, &device);
        cross_entropy(logits, Tensor::from_data(targets, &device)).into_scalar()
    }

    #[test]
    fn equal_logits_cost_the_logarithm_of_the_vocabulary() {
        let loss = loss([[[5.0; 3]; 2]], [[0, 2]]);
        assert!((loss - 3f32.ln()).abs() < 1e-6);
    }

    #[test]
    fn the_loss_is_the_mean_of_the_negative_log_probabilities() {
        // ln(1 + e + e^2) - 2 and ln(e + 2) - 0.
        let expected = (0.407_605_96 + 1.551_444_7) / 2.0;
        let loss = loss([[[0.0, 1.0, 2.0], [1.0, 0.0, 0.0]]], [[2, 1]]);
        assert!((loss - expected).abs() < 1e-6, "{loss} is not {expected}");
    }

    #[test]
    fn huge_logits_stay_finite() {
        let loss = loss([[[3e4, -3e4, 0.0], [0.0, 3e4, -3e4]]], [[1, 1]]);
        assert_eq!(loss, 3e4);
    }
}
