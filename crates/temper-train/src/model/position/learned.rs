//! An embedding of each position.

use burn::module::Param;
use burn::tensor::Tensor;

use super::InitialWeights;

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
