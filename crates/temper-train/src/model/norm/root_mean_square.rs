//! Division by the root mean square.

use super::Entry;
use crate::fused::rms_norm;

pub(super) const ENTRY: Entry =
    Entry { has_shift: false, apply: |hidden, scale, _, epsilon| rms_norm(hidden, scale, epsilon) };

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor};

    use super::*;

    #[test]
    fn the_mean_square_of_a_normed_vector_is_one() {
        let device = Device::flex();
        let hidden = Tensor::from_data([[[3.0, -1.0, 2.0, 0.0]]], &device);
        let normed = rms_norm(hidden, Tensor::from_data([1.0, 1.0, 2.0, 1.0], &device), 0.5);
        let normed = normed.into_data().try_to_vec::<f32>().unwrap();
        assert_eq!(normed, [1.5, -0.5, 2.0, 0.0]); // (9 + 1 + 4) / 4 + 0.5 = 4
    }
}
