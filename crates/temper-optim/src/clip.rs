//! Gradient clipping by the norm over all parameters.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;

use crate::adamw::{BLOCK, is_on_cpu, numbers};

/// Added to the norm before dividing by it, as `torch.nn.utils.clip_grad_norm_` does.
const NORM_EPSILON: f64 = 1e-6;

/// Partial sums of a sum.
const LANES: usize = 8;

/// Scales all gradients of `module` so that their common Euclidean norm is at most `max_norm`
/// (Pascanu et al. 2013, algorithm 1); `None` leaves them as they are.
///
/// Returns the gradients and the norm before clipping, a scalar on the device: nothing waits for
/// it unless it is read. A module without gradients has norm `None`.
pub fn clip_grad_norm<M: Module>(
    module: &M,
    mut gradients: GradientsParams,
    max_norm: Option<f64>,
) -> (GradientsParams, Option<Tensor<1>>) {
    let mut squares = SumOfSquares { gradients: &mut gradients, sum: None };
    module.visit(&mut squares);
    let Some(norm) = squares.sum.map(Tensor::sqrt) else {
        return (gradients, None);
    };
    if let Some(max_norm) = max_norm {
        let scale = (norm.clone() + NORM_EPSILON).recip() * max_norm;
        let scale = scale.clamp_max(1.0);
        module.visit(&mut Scale { gradients: &mut gradients, scale });
    }
    (gradients, Some(norm))
}

struct SumOfSquares<'a> {
    gradients: &'a mut GradientsParams,
    sum: Option<Tensor<1>>,
}

impl ModuleVisitor for SumOfSquares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = self.gradients.remove::<D>(param.id) else {
            return;
        };
        let (gradient, square) = if is_on_cpu(&gradient) {
            let (device, shape) = (gradient.device(), gradient.shape());
            let values = numbers(gradient);
            let square = Tensor::from_data([sum_of_squares(&values) as f32], &device);
            (Tensor::from_data(TensorData::new(values, shape), &device), square)
        } else {
            (gradient.clone(), gradient.square().sum())
        };
        self.gradients.register(param.id, gradient);
        self.sum = Some(match self.sum.take() {
            Some(sum) => sum + square,
            None => square,
        });
    }
}

/// In 64 bits, in the same order however many threads there are: in 32, the norm of a hundred
/// thousand numbers is wrong from the fifth digit on.
fn sum_of_squares(values: &[f32]) -> f64 {
    let of_block = |block: &[f32]| {
        let mut lanes = [0.0; LANES];
        for values in block.chunks(LANES) {
            for (lane, value) in lanes.iter_mut().zip(values) {
                *lane += f64::from(*value) * f64::from(*value);
            }
        }
        lanes.iter().sum::<f64>()
    };
    values.par_chunks(BLOCK).map(of_block).collect::<Vec<f64>>().iter().sum()
}

struct Scale<'a> {
    gradients: &'a mut GradientsParams,
    scale: Tensor<1>,
}

impl ModuleVisitor for Scale<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.remove::<D>(param.id) {
            let scale = self.scale.clone().reshape([1; D]); // [1, ..., 1]
            self.gradients.register(param.id, gradient * scale);
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[derive(Module, Debug)]
    struct Two {
        vector: Param<Tensor<1>>,
        matrix: Param<Tensor<2>>,
    }

    /// Gradients (3, 0) and ((0, 4), (0, 12)): their common norm is 13.
    fn clipped(max_norm: Option<f64>) -> (Vec<f32>, Vec<f32>, f32) {
        let device = Device::flex();
        let module = Two {
            vector: Param::from_data([0.0, 0.0], &device),
            matrix: Param::from_data([[0.0, 0.0], [0.0, 0.0]], &device),
        };
        let mut gradients = GradientsParams::new();
        gradients.register(module.vector.id, Tensor::<1>::from_data([3.0, 0.0], &device));
        let matrix = Tensor::<2>::from_data([[0.0, 4.0], [0.0, 12.0]], &device);
        gradients.register(module.matrix.id, matrix);
        let (gradients, norm) = clip_grad_norm(&module, gradients, max_norm);
        (
            gradients.get::<1>(module.vector.id).unwrap().into_data().try_to_vec().unwrap(),
            gradients.get::<2>(module.matrix.id).unwrap().into_data().try_to_vec().unwrap(),
            norm.unwrap().into_scalar(),
        )
    }

    #[test]
    fn gradients_longer_than_the_limit_are_scaled_to_it_together() {
        let (vector, matrix, norm) = clipped(Some(6.5));
        assert_eq!(norm, 13.0);
        for (value, expected) in
            vector.into_iter().chain(matrix).zip([1.5, 0.0, 0.0, 2.0, 0.0, 6.0])
        {
            assert!((value - expected).abs() < 1e-5, "{value} is not {expected}");
        }
    }

    #[test]
    fn gradients_within_the_limit_are_left_bit_for_bit() {
        for limit in [Some(14.0), None] {
            let (vector, matrix, norm) = clipped(limit);
            assert_eq!((vector, matrix), (vec![3.0, 0.0], vec![0.0, 4.0, 0.0, 12.0]));
            assert_eq!(norm, 13.0);
        }
    }

    #[test]
    fn the_norm_of_many_numbers_is_right_to_the_last_place() {
        let device = Device::flex();
        let module = Param::<Tensor<1>>::from_data([0.0], &device);
        let mut gradients = GradientsParams::new();
        let count = 1 << 20;
        gradients.register(module.id, Tensor::<1>::ones([count], &device) * 0.1_f32);
        let norm = clip_grad_norm(&module, gradients, None).1.unwrap().into_scalar::<f32>();
        let expected = f64::from(0.1_f32) * (count as f64).sqrt();
        assert!((f64::from(norm) / expected - 1.0).abs() < 1e-7, "{norm} is not {expected}");
    }

    #[test]
    fn a_module_without_gradients_has_no_norm() {
        let module = Two {
            vector: Param::from_data([0.0], &Device::flex()),
            matrix: Param::from_data([[0.0]], &Device::flex()),
        };
        assert!(clip_grad_norm(&module, GradientsParams::new(), Some(1.0)).1.is_none());
    }
}
