//! An embedding of each position.

use burn::module::Param;
use burn::tensor::module::embedding;
use burn::tensor::{Int, Tensor, TensorData};

use super::InitialWeights;
use crate::model::sight::first_of_segments;

/// A vector of each position (Gehring et al. 2017, section 3.1): `positions x width`.
pub(super) fn table(
    positions: usize,
    width: usize,
    weights: &mut InitialWeights,
) -> Param<Tensor<2>> {
    weights.embedding(positions, width).weight
}

/// Adds the vectors of the positions from `first` on to `tokens` (`batch x seq x hidden`).
pub(super) fn add(tokens: Tensor<3>, table: Tensor<2>, first: usize) -> Tensor<3> {
    let [_, seq, _] = tokens.dims();
    let vectors = table.slice_dim(0, first..first + seq); // [seq, hidden]
    tokens + vectors.unsqueeze() // [batch, seq, hidden]
}

/// Adds to each of `tokens` (`batch x seq x hidden`) the vector of its position in its segment:
/// `segments` are `batch x seq`, each a stretch of its row.
pub(super) fn add_in_segments(
    tokens: Tensor<3>,
    table: Tensor<2>,
    segments: &Tensor<2, Int>,
) -> Tensor<3> {
    let [batch, seq] = segments.dims();
    let first = first_of_segments(segments.clone());
    let first = first.into_iter().enumerate();
    let positions: Vec<i32> = first.map(|(place, first)| (place % seq - first) as i32).collect();
    let positions = TensorData::new(positions, [batch, seq]);
    let positions = Tensor::from_data(positions, &segments.device()); // [batch, seq]
    tokens + embedding(table, positions) // [batch, seq, hidden]
}
