//! The Gaussian error linear unit.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use burn::tensor::Tensor;
use rayon::prelude::*;

use super::lanes::{sigmoid, vectorized};
use super::operation::{Array, Operation, apply, is_supported};

/// Numbers that a thread takes at once.
const BLOCK: usize = 16_384;

/// sqrt(2 / pi).
const SLOPE: f64 = FRAC_2_SQRT_PI * FRAC_1_SQRT_2;

/// What of the cube of x is added to x.
const CUBIC: f64 = 0.044_715;

/// The tanh form of GELU (Hendrycks & Gimpel 2016, section 2), which is that of GPT-2:
/// x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), of `batch x seq x intermediate`.
pub(crate) fn gelu(inputs: Tensor<3>) -> Tensor<3> {
    if !is_supported(&inputs) {
        let cubic = inputs.clone().square() * CUBIC + 1.0;
        let inner = inputs.clone() * cubic * SLOPE;
        return inputs * (inner.tanh() + 1.0) * 0.5;
    }
    apply(&Gelu, [inputs.into()])
}

/// (1 + tanh(u)) / 2 is the sigmoid of 2 u: x is weighed by that of this.
#[inline(always)]
fn twice_inner(x: f32) -> f32 {
    2.0 * SLOPE as f32 * x * (CUBIC as f32 * x * x + 1.0)
}

#[derive(Clone, Debug)]
struct Gelu;

impl Operation<1> for Gelu {
    type Saved = Array;

    fn forward(&self, [inputs]: [Array; 1]) -> (Array, Array) {
        let mut output = vec![0.0; inputs.values().len()];
        let blocks = output.par_chunks_mut(BLOCK).zip(inputs.values().par_chunks(BLOCK));
        blocks.for_each(|(output, inputs)| {
            vectorized(
                #[inline(always)]
                || {
                    for (output, x) in output.iter_mut().zip(inputs) {
                        *output = x * sigmoid(twice_inner(*x));
                    }
                },
            );
        });
        (Array::new(output, inputs.shape()), inputs)
    }

    /// With s the sigmoid of v(x): s + x s (1 - s) v'(x).
    fn backward(&self, inputs: Array, gradient: Array, needs: [bool; 1]) -> [Option<Array>; 1] {
        if !needs[0] {
            return [None];
        }
        let mut by_inputs = vec![0.0; inputs.values().len()];
        let blocks = by_inputs.par_chunks_mut(BLOCK).zip(inputs.values().par_chunks(BLOCK));
        blocks.zip(gradient.values().par_chunks(BLOCK)).for_each(|((output, inputs), gradient)| {
            vectorized(
                #[inline(always)]
                || {
                    for ((output, x), gradient) in output.iter_mut().zip(inputs).zip(gradient) {
                        let share = sigmoid(twice_inner(*x));
                        let slope = 2.0 * SLOPE as f32 * (3.0 * CUBIC as f32 * x * x + 1.0);
                        *output = gradient * share * (1.0 + x * (1.0 - share) * slope);
                    }
                },
            );
        });
        [Some(Array::new(by_inputs, inputs.shape()))]
    }
}
