//! The feed-forward part of a block.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Tensor;

use super::activation::Entry;
use super::{ActivationKind, InitialWeights};
use crate::TrainConfig;
use crate::fused::linear;

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
        let is_gated = activation.entry().is_gate();
        Mlp {
            gate_proj: is_gated.then(|| weights.linear(hidden, intermediate)),
            up_proj: weights.linear(hidden, intermediate),
            down_proj: weights.residual_linear(intermediate, hidden),
            activation,
        }
    }

    /// From `batch x seq x hidden` to the same.
    pub(super) fn forward(&self, hidden: Tensor<3>) -> Tensor<3> {
        let up = linear(&self.up_proj, hidden.clone()); // [batch, seq, intermediate]
        let inner = match (self.activation.entry(), &self.gate_proj) {
            (Entry::Gate(apply), Some(gate)) => apply(linear(gate, hidden), up),
            (Entry::Each(apply), _) => apply(up),
            (Entry::Gate(_), None) => unreachable!("a gate has a layer"),
        }; // [batch, seq, intermediate]
        linear(&self.down_proj, inner)
    }
}
