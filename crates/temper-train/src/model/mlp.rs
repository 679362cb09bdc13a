//! The feed-forward part of a block.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Tensor;

use super::InitialWeights;
use crate::TrainConfig;
use crate::fused::{linear, swiglu};

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
        let gate = linear(&self.gate_proj, hidden.clone()); // [batch, seq, intermediate]
        let up = linear(&self.up_proj, hidden); // [batch, seq, intermediate]
        linear(&self.down_proj, swiglu(gate, up))
    }
}
