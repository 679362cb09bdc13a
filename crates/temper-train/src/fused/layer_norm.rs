//! The norm by mean and variance.

use burn::tensor::Tensor;
use rayon::prelude::*;

use super::lanes::{dot, sum, vectorized};
use super::operation::{Array, Operation, apply, is_supported};

/// Rows that a thread takes at once.
const BLOCK_ROWS: usize = 64;

/// Each row as (x - mean(x)) / sqrt(var(x) + epsilon), times the scale, plus the shift (Ba et al.
/// 2016, eq. 4): `batch x seq x hidden`; scale and shift are `hidden`.
pub(crate) fn layer_norm(
    hidden: Tensor<3>,
    scale: Tensor<1>,
    shift: Tensor<1>,
    epsilon: f64,
) -> Tensor<3> {
    if !is_supported(&hidden) {
        let mean = hidden.clone().mean_dim(2); // [batch, seq, 1]
        let centered = hidden - mean;
        let variance = centered.clone().square().mean_dim(2); // [batch, seq, 1]
        return centered / (variance + epsilon).sqrt() * scale.unsqueeze() + shift.unsqueeze();
    }
    apply(&Norm { epsilon: epsilon as f32 }, [hidden.into(), scale.into(), shift.into()])
}

/// Of rows, scales, shifts.
#[derive(Clone, Debug)]
struct Norm {
    epsilon: f32,
}

impl Norm {
    /// Writes the row less its mean, over its standard deviation; gives what it was multiplied by.
    #[inline(always)]
    fn normalize(&self, row: &[f32], normed: &mut [f32]) -> f32 {
        let width = row.len() as f32;
        let mean = sum(row) / width;
        for (normed, value) in normed.iter_mut().zip(row) {
            *normed = value - mean;
        }
        let factor = (dot(normed, normed) / width + self.epsilon).sqrt().recip();
        normed.iter_mut().for_each(|value| *value *= factor);
        factor
    }
}

impl Operation<3> for Norm {
    type Saved = [Array; 2];

    fn forward(&self, [rows, scales, shifts]: [Array; 3]) -> (Array, Self::Saved) {
        let width = rows.width();
        let (scale_values, shift_values) = (scales.values(), shifts.values());
        let mut output = vec![0.0; rows.values().len()];
        let blocks = output.par_chunks_mut(BLOCK_ROWS * width);
        blocks.zip(rows.values().par_chunks(BLOCK_ROWS * width)).for_each(|(outputs, rows)| {
            vectorized(
                #[inline(always)]
                || {
                    for (output, row) in outputs.chunks_mut(width).zip(rows.chunks(width)) {
                        self.normalize(row, output);
                        let weights = scale_values.iter().zip(shift_values);
                        for (value, (scale, shift)) in output.iter_mut().zip(weights) {
                            *value = *value * scale + shift;
                        }
                    }
                },
            );
        });
        (Array::new(output, rows.shape()), [rows, scales])
    }

    /// With y the row after the norm, r what it was multiplied by and g the gradient times the
    /// scales, of n numbers each: that by the row is r (g - mean(g) - y (g . y) / n), that by the
    /// scales the sum over rows of the gradient times y, and that by the shifts its sum.
    fn backward(
        &self,
        [rows, scales]: Self::Saved,
        gradient: Array,
        needs: [bool; 3],
    ) -> [Option<Array>; 3] {
        let (width, scale_values) = (rows.width(), scales.values());
        let mut by_rows = vec![0.0; rows.values().len()];
        let size = BLOCK_ROWS * width;
        let blocks = by_rows.par_chunks_mut(size).zip(rows.values().par_chunks(size));
        let blocks = blocks.zip(gradient.values().par_chunks(size));
        let of_blocks: Vec<[Vec<f32>; 2]> = blocks
            .map(|((outputs, rows), gradients)| {
                let [mut by_scales, mut by_shifts, mut normed] = [(); 3].map(|()| vec![0.0; width]);
                vectorized(
                    #[inline(always)]
                    || {
                        let rows = rows.chunks(width).zip(gradients.chunks(width));
                        for (output, (row, gradient)) in outputs.chunks_mut(width).zip(rows) {
                            let factor = self.normalize(row, &mut normed);
                            add_product(&mut by_scales, gradient, &normed);
                            by_shifts.iter_mut().zip(gradient).for_each(|(sum, value)| {
                                *sum += value;
                            });
                            for ((output, gradient), scale) in
                                output.iter_mut().zip(gradient).zip(scale_values)
                            {
                                *output = gradient * scale;
                            }
                            let mean = sum(output) / width as f32;
                            let along = dot(output, &normed) / width as f32;
                            for (output, normed) in output.iter_mut().zip(&normed) {
                                *output = (*output - mean - normed * along) * factor;
                            }
                        }
                    },
                );
                [by_scales, by_shifts]
            })
            .collect();
        let total = |which: usize| {
            let mut total = vec![0.0; width];
            for block in &of_blocks {
                total.iter_mut().zip(&block[which]).for_each(|(total, value)| *total += value);
            }
            Array::new(total, [width])
        };
        [
            needs[0].then(|| Array::new(by_rows, rows.shape())),
            needs[1].then(|| total(0)),
            needs[2].then(|| total(1)),
        ]
    }
}

/// Adds the products of two rows.
#[inline(always)]
fn add_product(sums: &mut [f32], left: &[f32], right: &[f32]) {
    for ((sum, left), right) in sums.iter_mut().zip(left).zip(right) {
        *sum += left * right;
    }
}
