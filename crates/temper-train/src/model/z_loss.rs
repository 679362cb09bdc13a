//! A penalty on logits that drift away.

use burn::tensor::Tensor;

/// The mean of log^2 Z over all positions, where Z is the sum of the exponentials of the logits
/// (`batch x seq x vocabulary`): what keeps log Z near 0 (Chowdhery et al. 2022, section 5).
///
/// The largest logit is subtracted before the exponential, so that nothing overflows.
pub(crate) fn z_loss(logits: Tensor<3>) -> Tensor<1> {
    let largest = logits.clone().detach().max_dim(2); // [batch, seq, 1]
    let sum = (logits - largest.clone()).exp().sum_dim(2); // [batch, seq, 1]
    (sum.log() + largest).square().mean()
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn it_is_the_mean_square_of_the_logarithm_of_the_sum() {
        let logits = Tensor::from_data([[[0.0, 1.0, 2.0], [1.0, 0.0, 0.0]]], &Device::flex());
        // ln(1 + e + e^2) and ln(e + 2).
        let expected = (2.407_605_96_f64.powi(2) + 1.551_444_7_f64.powi(2)) / 2.0;
        let loss: f32 = z_loss(logits).into_scalar();
        assert!((f64::from(loss) - expected).abs() < 1e-5, "{loss} is not {expected}");
        let huge = Tensor::from_data([[[3e4, -3e4, 0.0]]], &Device::flex());
        let loss: f32 = z_loss(huge).into_scalar();
        assert_eq!(loss, 9e8);
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let device = Device::flex().autodiff();
        let at = |by: f32| Tensor::<3>::from_data([[[0.5 + by, 2.0, -1.0]]], &device);
        let value = |by: f32| f64::from(z_loss(at(by)).into_scalar::<f32>());
        let slope = (value(0.01) - value(-0.01)) / 0.02;
        let logits = at(0.0).require_grad();
        let gradients = z_loss(logits.clone()).backward();
        let gradient = logits.grad(&gradients).unwrap().into_data().try_to_vec::<f32>().unwrap();
        assert!((f64::from(gradient[0]) - slope).abs() < 1e-3, "{gradient:?} is not {slope}");
    }
}
