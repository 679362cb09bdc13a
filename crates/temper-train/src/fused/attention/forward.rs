//! The attention of one sequence.

use faer::{Accum, MatMut};

use super::super::lanes::{exp_sum, in_registers, max, vectorized};
use super::super::matrix::{matrix, multiply_block, window};
use super::BLOCK_ROWS;
use super::heads::Item;

/// Writes the output, `seq x width`, and the logarithms of the rows' sums, `heads x seq`.
pub(super) fn forward(item: &Item<'_>, output: &mut [f32], log_sums: &mut [f32]) {
    let (seq, head_dim, width) = (item.seq(), item.head_dim(), item.heads.width);
    let mut shares = vec![0.0; BLOCK_ROWS * seq];
    for (kv_feature, features) in item.groups() {
        let keys = item.keys(kv_feature);
        let (keys, values) = (matrix(&keys, head_dim), item.values(kv_feature));
        for feature in features {
            let queries = item.queries(feature);
            let queries = matrix(&queries, head_dim);
            let log_sums = &mut log_sums[feature / head_dim * seq..][..seq];
            for first in (0..seq).step_by(BLOCK_ROWS) {
                let rows = BLOCK_ROWS.min(seq - first);
                let seen = first + rows;
                let shares = &mut shares[..rows * seen];
                let scores = MatMut::from_row_major_slice_mut(shares, rows, seen);
                let (queries, keys) = (queries.subrows(first, rows), keys.subrows(0, seen));
                multiply_block(scores, Accum::Replace, queries, keys.transpose());
                vectorized(
                    #[inline(always)]
                    || {
                        for (row, scores) in shares.chunks_mut(seen).enumerate() {
                            let position = first + row;
                            let begin = item.first_seen(position);
                            log_sums[position] = softmax(scores, begin, position);
                        }
                    },
                );
                let output = window(&mut output[first * width + feature..], rows, head_dim, width);
                let (shares, values) = (matrix(shares, seen), values.subrows(0, seen));
                multiply_block(output, Accum::Replace, shares, values);
            }
        }
    }
}

/// The softmax of the scores from `begin` to `position`, and 0 elsewhere; gives the logarithm of
/// the sum of exponentials.
///
/// It goes a little beyond `position`, where e^-inf counts for nothing beside the largest, 1.
#[inline(always)]
fn softmax(scores: &mut [f32], begin: usize, position: usize) -> f32 {
    scores[..begin].fill(0.0);
    scores[position + 1..].fill(f32::NEG_INFINITY);
    let seen = in_registers(begin..position + 1, scores.len());
    let largest = max(&scores[seen.clone()]);
    let total = exp_sum(&mut scores[seen], largest);
    scores[position + 1..].fill(0.0);
    let factor = total.recip();
    scores[begin..=position].iter_mut().for_each(|share| *share *= factor);
    largest + total.ln()
}
