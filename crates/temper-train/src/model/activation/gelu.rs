//! The Gaussian error linear unit.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use burn::tensor::Tensor;

use super::Entry;

pub(super) const ENTRY: Entry = Entry::Each(gelu);

/// The tanh form of GELU (Hendrycks & Gimpel 2016, section 2), which is that of GPT-2:
/// x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).
fn gelu(inputs: Tensor<3>) -> Tensor<3> {
    let sqrt_2_over_pi = FRAC_2_SQRT_PI * FRAC_1_SQRT_2;
    let cubic = inputs.clone().square() * 0.044_715 + 1.0;
    let inner = inputs.clone() * cubic * sqrt_2_over_pi;
    inputs * (inner.tanh() + 1.0) * 0.5
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn it_is_that_of_gpt2() {
        // torch.nn.functional.gelu(x, approximate="tanh") of PyTorch 2.
        let inputs = Tensor::from_data([[[-3.0, -1.0, 0.0, 0.5, 2.0]]], &Device::flex());
        let expected = [-0.003_637_4, -0.158_808, 0.0, 0.345_714, 1.954_597_7];
        let outputs = gelu(inputs).into_data().try_to_vec::<f32>().unwrap();
        for (value, expected) in outputs.into_iter().zip(expected) {
            assert!((value - expected).abs() < 1e-6, "{value} is not {expected}");
        }
    }
}
