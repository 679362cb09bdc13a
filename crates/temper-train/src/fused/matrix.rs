//! Products of matrices, in square blocks of the output that threads share.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

/// Multiplications from which on threads are worth their wakening.
const PARALLEL: usize = 1 << 20;

/// A matrix in row-major order, of so many columns.
pub(super) fn matrix(values: &[f32], columns: usize) -> MatRef<'_, f32> {
    MatRef::from_row_major_slice(values, values.len() / columns, columns)
}

/// `rows x columns` of a matrix in row-major order whose rows are `stride` numbers long, from its
/// first number on.
///
/// By way of columns: faer 0.24.4 takes the stride of rows for that of columns.
pub(super) fn window(
    values: &mut [f32],
    rows: usize,
    columns: usize,
    stride: usize,
) -> MatMut<'_, f32> {
    MatMut::from_column_major_slice_with_stride_mut(values, columns, rows, stride).transpose_mut()
}

/// `left x right`, in row-major order.
pub(super) fn product(left: MatRef<'_, f32>, right: MatRef<'_, f32>) -> Vec<f32> {
    let mut output = vec![0.0; left.nrows() * right.ncols()];
    multiply(&mut output, Accum::Replace, left, right);
    output
}

/// Writes `left x right` to `output`, or adds it: `rows of left x columns of right`, row-major.
pub(super) fn multiply(
    output: &mut [f32],
    accumulate: Accum,
    left: MatRef<'_, f32>,
    right: MatRef<'_, f32>,
) {
    let (rows, columns) = (left.nrows(), right.ncols());
    let output = MatMut::from_row_major_slice_mut(output, rows, columns);
    let size = block_size(rows, columns);
    let block = |(row, column, output): (usize, usize, MatMut<'_, f32>)| {
        let left = left.subrows(row, output.nrows());
        let right = right.subcols(column, output.ncols());
        multiply_block(output, accumulate, left, right);
    };
    if rows * left.ncols() * columns < PARALLEL {
        multiply_block(output, accumulate, left, right);
    } else {
        blocks(output, size).into_par_iter().for_each(block);
    }
}

/// Writes `left x right` to a block of some output, or adds it, in this thread.
pub(super) fn multiply_block(
    output: MatMut<'_, f32>,
    accumulate: Accum,
    left: MatRef<'_, f32>,
    right: MatRef<'_, f32>,
) {
    matmul(output, accumulate, left, right, 1.0, Par::Seq);
}

/// The side of a block: smaller where there would be few.
fn block_size(rows: usize, columns: usize) -> usize {
    if rows * columns >= 8 * 256 * 256 { 256 } else { 128 }
}

/// The blocks of a matrix, each with its first row and column.
fn blocks(mut rest: MatMut<'_, f32>, size: usize) -> Vec<(usize, usize, MatMut<'_, f32>)> {
    let (rows, columns) = (rest.nrows(), rest.ncols());
    let mut blocks = Vec::new();
    for row in (0..rows).step_by(size) {
        let (mut band, below) = rest.split_at_row_mut(size.min(rows - row));
        for column in (0..columns).step_by(size) {
            let (block, right) = band.split_at_col_mut(size.min(columns - column));
            blocks.push((row, column, block));
            band = right;
        }
        rest = below;
    }
    blocks
}
