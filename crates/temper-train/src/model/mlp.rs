//! The feed-forward part of a block.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Tensor;

use super::{ActivationKind, InitialWeights};
use crate::TrainConfig;

/// Two linear layers with an activation between them: that of the first, or that of a gate beside
/// it.
#[derive(Module, Debug)]
pub(super) struct Mlp {
    gate_proj: Option<Linear>,
    up_proj: Linear,
    down_proj: Linear,
    #[module(skip)]
    activation: ActivationKind,
}

impl Mlp {
    pub(super) fn new(config: &TrainConfig, weights: &mut InitialWeights) -> Mlp {
        let (hidden, intermediate) = (config.hidden_size, config.intermediate());
        let activation = config.architecture.parts().activation;
        let is_gated = activation.entry().is_gate;
        Mlp {
            gate_proj: is_gated.then(|| weights.linear(hidden, intermediate)),
            up_proj: weights.linear(hidden, intermediate),
            down_proj: weights.residual_linear(intermediate, hidden),
            activation,
        }
    }

    /// From `batch x seq x hidden` to the same.
    pub(super) fn forward(&self, hidden: Tensor<3>) -> Tensor<3> {
        let activate = self.activation.entry().apply;
        let inner = match &self.gate_proj {
            Some(gate) => {
                let gate = activate(gate.forward(hidden.clone())); // [batch, seq, intermediate]
                gate * self.up_proj.forward(hidden) // [batch, seq, intermediate]
            }
            None => activate(self.up_proj.forward(hidden)), // [batch, seq, intermediate]
        };
        self.down_proj.forward(inner)
    }
}
