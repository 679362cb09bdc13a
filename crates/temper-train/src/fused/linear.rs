//! A linear layer.

use burn::tensor::{Shape, Tensor, module};
use rayon::prelude::*;

use super::lanes::vectorized;
use super::matrix::{matrix, product};
use super::operation::{Array, Operand, Operation, apply, is_supported};
use crate::model::as_in;

/// Rows that a thread takes at once.
const BLOCK_ROWS: usize = 64;

/// `input x weight + bias`: from `batch x seq x in` to `batch x seq x out`.
pub(crate) fn linear(input: Tensor<3>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<3> {
    if !is_supported(&input) {
        let (weight, bias) = (as_in(weight, &input), bias.map(|bias| as_in(bias, &input)));
        return module::linear(input, weight, bias);
    }
    let (input, weight) = (Operand::from(input), Operand::from(weight));
    match bias {
        None => apply(&Weighted, [input, weight]),
        Some(bias) => apply(&Biased, [input, weight, Operand::from(bias)]),
    }
}

/// Without bias: input, weight (`in x out`).
#[derive(Clone, Debug)]
struct Weighted;

impl Operation<2> for Weighted {
    type Saved = [Array; 2];

    fn forward(&self, inputs: [Array; 2]) -> (Array, Self::Saved) {
        let [input, weight] = &inputs;
        let output =
            product(matrix(input.values(), input.width()), matrix(weight.values(), weight.width()));
        (Array::new(output, with_width(input, weight.width())), inputs)
    }

    fn backward(
        &self,
        [input, weight]: Self::Saved,
        gradient: Array,
        needs: [bool; 2],
    ) -> [Option<Array>; 2] {
        let by_output = matrix(gradient.values(), gradient.width());
        let by_input = || {
            let weight = matrix(weight.values(), weight.width());
            Array::new(product(by_output, weight.transpose()), input.shape())
        };
        let by_weight = || {
            let input = matrix(input.values(), input.width());
            Array::new(product(input.transpose(), by_output), weight.shape())
        };
        [needs[0].then(by_input), needs[1].then(by_weight)]
    }
}

/// With bias: input, weight (`in x out`), bias (`out`).
#[derive(Clone, Debug)]
struct Biased;

impl Operation<3> for Biased {
    type Saved = [Array; 2];

    fn forward(&self, [input, weight, bias]: [Array; 3]) -> (Array, Self::Saved) {
        let width = weight.width();
        let mut output =
            product(matrix(input.values(), input.width()), matrix(weight.values(), width));
        output.par_chunks_mut(BLOCK_ROWS * width).for_each(|rows| {
            vectorized(
                #[inline(always)]
                || {
                    for row in rows.chunks_mut(width) {
                        for (value, bias) in row.iter_mut().zip(bias.values()) {
                            *value += bias;
                        }
                    }
                },
            );
        });
        (Array::new(output, with_width(&input, width)), [input, weight])
    }

    fn backward(
        &self,
        saved: Self::Saved,
        gradient: Array,
        [needs_input, needs_weight, needs_bias]: [bool; 3],
    ) -> [Option<Array>; 3] {
        let width = gradient.width();
        let by_bias =
            needs_bias.then(|| Array::new(column_sums(gradient.values(), width), [width]));
        let [by_input, by_weight] = Weighted.backward(saved, gradient, [needs_input, needs_weight]);
        [by_input, by_weight, by_bias]
    }
}

/// The sums of the columns of a matrix in row-major order, by blocks of its rows: fewer numbers are
/// added to a sum of many.
fn column_sums(values: &[f32], columns: usize) -> Vec<f32> {
    let add = |sum: &mut [f32], row: &[f32]| {
        sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    };
    let of_block = |block: &[f32]| {
        let mut sum = vec![0.0; columns];
        vectorized(
            #[inline(always)]
            || block.chunks(columns).for_each(|row| add(&mut sum, row)),
        );
        sum
    };
    let blocks: Vec<Vec<f32>> = values.par_chunks(BLOCK_ROWS * columns).map(of_block).collect();
    let mut total = vec![0.0; columns];
    blocks.iter().for_each(|block| add(&mut total, block));
    total
}

/// The shape with another last dimension.
fn with_width(array: &Array, width: usize) -> Shape {
    let mut shape = array.shape();
    let last = shape.num_dims() - 1;
    shape[last] = width;
    shape
}
