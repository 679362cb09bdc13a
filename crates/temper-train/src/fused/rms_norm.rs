//! The norm by root mean square.

use burn::tensor::Tensor;
use rayon::prelude::*;

use super::lanes::{dot, vectorized};
use super::operation::{Array, Operation, apply, is_supported};

/// Rows that a thread takes at once.
const BLOCK_ROWS: usize = 64;

/// Each row over its root mean square, x / sqrt(mean(x^2) + epsilon), times the scale (Zhang &
/// Sennrich 2019, eq. 4): `batch x seq x hidden`; the scale is `hidden`.
pub(crate) fn rms_norm(hidden: Tensor<3>, scale: Tensor<1>, epsilon: f64) -> Tensor<3> {
    if !is_supported(&hidden) {
        let size = (hidden.clone().square().mean_dim(2) + epsilon).sqrt(); // [batch, seq, 1]
        return hidden / size * scale.unsqueeze();
    }
    apply(&Norm { epsilon: epsilon as f32 }, [hidden.into(), scale.into()])
}

/// Of rows, weights.
#[derive(Clone, Debug)]
struct Norm {
    epsilon: f32,
}

impl Norm {
    /// 1 / sqrt(mean of squares + epsilon).
    #[inline(always)]
    fn scale(&self, row: &[f32]) -> f32 {
        (dot(row, row) / row.len() as f32 + self.epsilon).sqrt().recip()
    }
}

impl Operation<2> for Norm {
    type Saved = [Array; 2];

    fn forward(&self, inputs: [Array; 2]) -> (Array, Self::Saved) {
        let [rows, weights] = &inputs;
        let (width, weights) = (rows.width(), weights.values());
        let mut output = vec![0.0; rows.values().len()];
        let blocks = output.par_chunks_mut(BLOCK_ROWS * width);
        blocks.zip(rows.values().par_chunks(BLOCK_ROWS * width)).for_each(|(outputs, rows)| {
            vectorized(
                #[inline(always)]
                || {
                    for (output, row) in outputs.chunks_mut(width).zip(rows.chunks(width)) {
                        let scale = self.scale(row);
                        for ((output, value), weight) in output.iter_mut().zip(row).zip(weights) {
                            *output = value * scale * weight;
                        }
                    }
                },
            );
        });
        (Array::new(output, rows.shape()), inputs)
    }

    /// With r the scale of a row x of n, w the weights and g the gradient times w: that by x is
    /// r g - x r^3 (g . x) / n, and that by w the sum over rows of the gradient times x r.
    fn backward(
        &self,
        [rows, weights]: Self::Saved,
        gradient: Array,
        needs: [bool; 2],
    ) -> [Option<Array>; 2] {
        let (width, weight_values) = (rows.width(), weights.values());
        let mut by_rows = vec![0.0; rows.values().len()];
        let size = BLOCK_ROWS * width;
        let blocks = by_rows.par_chunks_mut(size).zip(rows.values().par_chunks(size));
        let blocks = blocks.zip(gradient.values().par_chunks(size));
        let by_weights: Vec<Vec<f32>> = blocks
            .map(|((outputs, rows), gradients)| {
                let mut by_weights = vec![0.0; width];
                vectorized(
                    #[inline(always)]
                    || {
                        let rows = rows.chunks(width).zip(gradients.chunks(width));
                        for (output, (row, gradient)) in outputs.chunks_mut(width).zip(rows) {
                            let scale = self.scale(row);
                            for ((output, gradient), weight) in
                                output.iter_mut().zip(gradient).zip(weight_values)
                            {
                                *output = gradient * weight;
                            }
                            let along = dot(output, row) * scale * scale / width as f32;
                            for (output, value) in output.iter_mut().zip(row) {
                                *output = (*output - value * along) * scale;
                            }
                            for ((sum, gradient), value) in
                                by_weights.iter_mut().zip(gradient).zip(row)
                            {
                                *sum += gradient * value * scale;
                            }
                        }
                    },
                );
                by_weights
            })
            .collect();
        let by_weights = || {
            let mut sum = vec![0.0; width];
            for block in &by_weights {
                sum.iter_mut().zip(block).for_each(|(sum, value)| *sum += value);
            }
            Array::new(sum, [width])
        };
        [needs[0].then(|| Array::new(by_rows, rows.shape())), needs[1].then(by_weights)]
    }
}
