//! The Gaussian error linear unit.

use super::Entry;
use crate::fused::gelu;

pub(super) const ENTRY: Entry = Entry::Each(gelu);

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor};

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
