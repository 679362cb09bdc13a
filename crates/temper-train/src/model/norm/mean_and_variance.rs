//! Subtraction of the mean, and division by the standard deviation.

use super::Entry;
use crate::fused::layer_norm;

pub(super) const ENTRY: Entry = Entry {
    has_shift: true,
    apply: |hidden, scale, shift, epsilon| {
        layer_norm(hidden, scale, shift.expect("this norm has shifts"), epsilon)
    },
};

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor};

    use super::*;

    #[test]
    fn a_normed_vector_has_mean_zero_and_variance_one_before_scale_and_shift() {
        let device = Device::flex();
        let hidden = Tensor::from_data([[[5.0, 1.0, 5.0, 1.0]]], &device);
        let vector = |values: [f32; 4]| Tensor::from_data(values, &device);
        let shift = vector([0.0, 0.0, 10.0, 0.0]);
        let normed = layer_norm(hidden, vector([1.0, 1.0, 1.0, 3.0]), shift, 12.0);
        let normed = normed.into_data().try_to_vec::<f32>().unwrap();
        assert_eq!(normed, [0.5, -0.5, 10.5, -1.5]); // sqrt(4 + 12) = 4
    }
}
