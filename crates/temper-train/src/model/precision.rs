//! Products of matrices in few bits, everything else in 32.
//!
//! As in Micikevicius et al. 2018, section 3.1, weights, gradients and the optimizer's state keep 32
//! bits. What goes into a product of matrices is rounded first: the norms' outputs, the weights, the
//! shares of attention. Norms, softmax, the residual stream and the loss are computed in 32 bits.
//! bfloat16 has the exponents of 32-bit floats, so gradients need no scaling (Kalamkar et al. 2019).

use burn::tensor::{DType, FloatDType, Tensor};
use serde::{Deserialize, Serialize};

/// What products of matrices are computed in.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32 bits.
    #[default]
    F32,
    /// 16 bits, 8 of them of the significand.
    Bf16,
}

impl Precision {
    /// The type of what goes into products of matrices.
    pub(crate) fn float_type(self) -> FloatDType {
        match self {
            Precision::F32 => FloatDType::F32,
            Precision::Bf16 => FloatDType::BF16,
        }
    }
}

/// The tensor in that type; as it is, if it has it already.
pub(crate) fn cast<const D: usize>(tensor: Tensor<D>, float_type: FloatDType) -> Tensor<D> {
    if tensor.dtype() == DType::from(float_type) { tensor } else { tensor.cast(float_type) }
}

/// The tensor in 32 bits.
pub(crate) fn widen<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    cast(tensor, FloatDType::F32)
}

/// The tensor in the type of another one.
pub(crate) fn as_in<const D: usize, const E: usize>(
    tensor: Tensor<D>,
    other: &Tensor<E>,
) -> Tensor<D> {
    cast(tensor, other.dtype().into())
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Int, Tensor};

    use super::*;
    use crate::model::{Dropout, Model, cross_entropy};
    use crate::{Architecture, TrainConfig};

    /// The loss, its gradient by the embedding, and the logits of a small model.
    fn computed(architecture: Architecture, precision: Precision) -> [Vec<f32>; 3] {
        let config = TrainConfig {
            architecture,
            precision,
            hidden_size: 16,
            num_layers: 2,
            max_seq_length: 7,
            ..TrainConfig::default()
        };
        let device = Device::flex().autodiff();
        let model = Model::new(&config, &device);
        let tokens = Tensor::<2, Int>::from_data([[5, 80, 3, 200, 7, 7, 9]], &device);
        let logits = model.forward_with(tokens.clone(), None, &mut Dropout::none());
        assert_eq!(logits.dtype(), DType::F32);
        let loss = cross_entropy(logits.clone(), tokens, None);
        let gradients = loss.backward();
        let gradient =
            model.embed_tokens.weight.grad(&gradients).expect("the embedding is trained");
        assert_eq!(gradient.dtype(), DType::F32);
        let numbers = |data: burn::tensor::TensorData| data.try_to_vec::<f32>().unwrap();
        [numbers(loss.into_data()), numbers(gradient.into_data()), numbers(logits.into_data())]
    }

    /// The Euclidean distance of `left` and `right` as a share of the length of `left`.
    fn distance(left: &[f32], right: &[f32]) -> f32 {
        let squares = |values: &mut dyn Iterator<Item = f32>| values.map(|it| it * it).sum::<f32>();
        let difference = squares(&mut left.iter().zip(right).map(|(left, right)| left - right));
        (difference / squares(&mut left.iter().copied())).sqrt()
    }

    #[test]
    fn products_are_rounded_and_nothing_else_is_lost() {
        for architecture in Architecture::ALL {
            let whole = computed(architecture, Precision::F32);
            let rounded = computed(architecture, Precision::Bf16);
            for (whole, rounded) in whole.iter().zip(&rounded) {
                let distance = distance(whole, rounded);
                // bfloat16 rounds by up to 2^-9; a few roundings follow each other.
                assert!(distance < 2e-2, "{architecture:?}: {distance}");
                assert!(distance > 0.0, "{architecture:?}: nothing was rounded");
            }
        }
    }
}
