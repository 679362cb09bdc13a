//! The activations inside the MLP.

mod gated_silu;
mod gelu;

use burn::tensor::Tensor;

/// An activation, one file each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ActivationKind {
    GatedSilu,
    Gelu,
}

/// What an activation says of itself.
pub(crate) struct Entry {
    /// Whether it is that of a gate, by which a linear layer beside it is multiplied.
    pub is_gate: bool,
    /// The function of each feature.
    pub apply: fn(Tensor<3>) -> Tensor<3>,
}

impl ActivationKind {
    pub(crate) const fn entry(self) -> Entry {
        match self {
            ActivationKind::GatedSilu => gated_silu::ENTRY,
            ActivationKind::Gelu => gelu::ENTRY,
        }
    }
}
