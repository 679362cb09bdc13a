//! The feed-forward part of a block.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Tensor, activation::silu};

use super::InitialWeights;
use crate::TrainConfig;

/// A gated linear unit with a sigmoid-weighted gate (`SwiGLU`, Shazeer 2020, eq. 6), no biases.
#[derive(Module, Debug)]
pub(super) struct Mlp {
    gate_proj: Linear,
    up_proj: Linear,
    down_proj: Linear,
}

impl Mlp {
    pub(super) fn new(config: &TrainConfig, weights: &mut InitialWeights) -> Mlp {
        let (hidden, intermediate) = (config.hidden_size, config.intermediate());
        Mlp {
            gate_proj: weights.linear(hidden, intermediate),
            up_proj: weights.linear(hidden, intermediate),
            down_proj: weights.residual_linear(intermediate, hidden),
        }
    }

    /// From `batch x seq x hidden` to the same.
    pub(super) fn forward(&self, hidden: Tensor<3>) -> Tensor<3> {
        let gate = silu(self.gate_proj.forward(hidden.clone())); // [batch, seq, intermediate]
        let up = self.up_proj.forward(hidden); // [batch, seq, intermediate]
        self.down_proj.forward(gate * up)
    }
}
