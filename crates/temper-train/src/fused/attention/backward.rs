//! The gradient of one sequence's attention.

use faer::{Accum, MatMut};

use super::super::lanes::{change, dot, exp, in_registers, vectorized};
use super::super::matrix::{matrix, multiply_block};
use super::BLOCK_ROWS;
use super::heads::Item;

/// What the gradient of a sequence is computed from.
pub(super) struct Incoming<'a> {
    /// The gradient by the output, `seq x width`.
    pub(super) gradient: &'a [f32],
    /// The output, `seq x width`.
    pub(super) output: &'a [f32],
    /// The logarithms of the rows' sums, `heads x seq`.
    pub(super) log_sums: &'a [f32],
}

/// The gradients of a sequence, to be written.
pub(super) struct Gradients<'a> {
    /// `seq x width`.
    pub(super) queries: &'a mut [f32],
    /// `seq x kv_width`.
    pub(super) keys: &'a mut [f32],
    /// `seq x kv_width`.
    pub(super) values: &'a mut [f32],
}

/// Writes the gradients by queries, keys and values (Dao et al. 2022, algorithm 4).
pub(super) fn backward(item: &Item<'_>, incoming: &Incoming<'_>, gradients: &mut Gradients<'_>) {
    let (seq, head_dim, heads) = (item.seq(), item.head_dim(), item.heads);
    let (mut shares, mut by_scores) = (vec![0.0; BLOCK_ROWS * seq], vec![0.0; BLOCK_ROWS * seq]);
    for (kv_feature, features) in item.groups() {
        let keys = item.keys(kv_feature);
        let (keys, values) = (matrix(&keys, head_dim), item.values(kv_feature));
        let (mut by_keys, mut by_values) = (vec![0.0; seq * head_dim], vec![0.0; seq * head_dim]);
        for feature in features {
            let queries = item.queries(feature);
            let queries = matrix(&queries, head_dim);
            let mut by_queries = vec![0.0; seq * head_dim];
            let by_output = item.head(incoming.gradient, heads.width, feature);
            let log_sums = &incoming.log_sums[feature / head_dim * seq..][..seq];
            for first in (0..seq).step_by(BLOCK_ROWS) {
                let rows = BLOCK_ROWS.min(seq - first);
                let seen = first + rows;
                let (shares, by_scores) =
                    (&mut shares[..rows * seen], &mut by_scores[..rows * seen]);
                let (keys, values) = (keys.subrows(0, seen), values.subrows(0, seen));
                let (queries, by_output) =
                    (queries.subrows(first, rows), by_output.subrows(first, rows));
                let block = MatMut::from_row_major_slice_mut(shares, rows, seen);
                multiply_block(block, Accum::Replace, queries, keys.transpose());
                let block = MatMut::from_row_major_slice_mut(by_scores, rows, seen);
                multiply_block(block, Accum::Replace, by_output, values.transpose());
                vectorized(
                    #[inline(always)]
                    || {
                        let blocks = shares.chunks_mut(seen).zip(by_scores.chunks_mut(seen));
                        for (row, (shares, by_scores)) in blocks.enumerate() {
                            let position = first + row;
                            let at = position * heads.width + feature..;
                            let along = dot(
                                &incoming.gradient[at.clone()][..head_dim],
                                &incoming.output[at][..head_dim],
                            );
                            let seen = item.first_seen(position)..position + 1;
                            let computed = in_registers(seen.clone(), shares.len());
                            change(
                                &mut shares[computed.clone()],
                                &mut by_scores[computed],
                                |share, by_score| {
                                    *share = exp(*share - log_sums[position]);
                                    *by_score = *share * (*by_score - along);
                                },
                            );
                            for outside in [0..seen.start, seen.end..shares.len()] {
                                shares[outside.clone()].fill(0.0);
                                by_scores[outside].fill(0.0);
                            }
                        }
                    },
                );
                let (shares, by_scores) = (matrix(shares, seen), matrix(by_scores, seen));
                let block = MatMut::from_row_major_slice_mut(&mut by_values, seq, head_dim);
                let block = block.subrows_mut(0, seen);
                multiply_block(block, Accum::Add, shares.transpose(), by_output);
                let block = MatMut::from_row_major_slice_mut(&mut by_keys, seq, head_dim);
                let block = block.subrows_mut(0, seen);
                multiply_block(block, Accum::Add, by_scores.transpose(), queries);
                let block = MatMut::from_row_major_slice_mut(&mut by_queries, seq, head_dim);
                let block = block.subrows_mut(first, rows);
                multiply_block(block, Accum::Replace, by_scores, keys);
            }
            item.scatter(by_queries, heads.scale, gradients.queries, heads.width, feature);
        }
        item.scatter(by_keys, 1.0, gradients.keys, heads.kv_width, kv_feature);
        item.put(&by_values, 1.0, gradients.values, heads.kv_width, kv_feature);
    }
}
