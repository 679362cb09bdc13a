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
#[derive(Clone, Copy)]
pub(crate) enum Entry {
    /// It is that of a gate: the function of the gate and of a linear layer beside it.
    Gate(fn(Tensor<3>, Tensor<3>) -> Tensor<3>),
    /// The function of each feature.
    Each(fn(Tensor<3>) -> Tensor<3>),
}

impl Entry {
    /// Whether it needs a linear layer of its own.
    pub(crate) const fn is_gate(&self) -> bool {
        matches!(self, Entry::Gate(_))
    }
}

impl ActivationKind {
    pub(crate) const fn entry(self) -> Entry {
        match self {
            ActivationKind::GatedSilu => gated_silu::ENTRY,
            ActivationKind::Gelu => gelu::ENTRY,
        }
    }
}
