//! Division by the root mean square.

use burn::tensor::Tensor;

use super::Entry;

pub(super) const ENTRY: Entry =
    Entry { has_shift: false, apply: |hidden, scale, _, epsilon| rms_norm(hidden, scale, epsilon) };

/// x / sqrt(mean(x^2) + epsilon) times the scale (Zhang & Sennrich 2019, eq. 4): `batch x seq x
/// hidden`; the scale is `hidden`.
fn rms_norm(hidden: Tensor<3>, scale: Tensor<1>, epsilon: f64) -> Tensor<3> {
    let size = (hidden.clone().square().mean_dim(2) + epsilon).sqrt(); // [batch, seq, 1]
    hidden / size * scale.unsqueeze()
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

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
