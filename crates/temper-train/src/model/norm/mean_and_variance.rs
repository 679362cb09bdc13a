//! Subtraction of the mean, and division by the standard deviation.

use burn::tensor::Tensor;

use super::Entry;

pub(super) const ENTRY: Entry = Entry { has_shift: true, apply: layer_norm };

/// (x - mean(x)) / sqrt(var(x) + epsilon), times the scale, plus the shift (Ba et al. 2016, eq.
/// 4): `batch x seq x hidden`; scale and shift are `hidden`.
fn layer_norm(
    hidden: Tensor<3>,
    scale: Tensor<1>,
    shift: Option<Tensor<1>>,
    epsilon: f64,
) -> Tensor<3> {
    let mean = hidden.clone().mean_dim(2); // [batch, seq, 1]
    let centered = hidden - mean;
    let variance = centered.clone().square().mean_dim(2); // [batch, seq, 1]
    let scaled = centered / (variance + epsilon).sqrt() * scale.unsqueeze();
    match shift {
        Some(shift) => scaled + shift.unsqueeze(),
        None => scaled,
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn a_normed_vector_has_mean_zero_and_variance_one_before_scale_and_shift() {
        let device = Device::flex();
        let hidden = Tensor::from_data([[[5.0, 1.0, 5.0, 1.0]]], &device);
        let vector = |values: [f32; 4]| Tensor::from_data(values, &device);
        let shift = Some(vector([0.0, 0.0, 10.0, 0.0]));
        let normed = layer_norm(hidden, vector([1.0, 1.0, 1.0, 3.0]), shift, 12.0);
        let normed = normed.into_data().try_to_vec::<f32>().unwrap();
        assert_eq!(normed, [0.5, -0.5, 10.5, -1.5]); // sqrt(4 + 12) = 4
    }
}
