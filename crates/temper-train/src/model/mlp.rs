//! The feed-forward part of a block.

use burn::module::Module;
use burn::tensor::Tensor;

use super::activation::Entry;
use super::{ActivationKind, ChangeProjection, Dropout, InitialWeights, Projection};
use crate::TrainConfig;

/// Two linear layers with an activation between them: that of the first, or that of a gate beside
/// it.
#[derive(Module, Debug)]
pub(super) struct Mlp {
    gate_proj: Option<Projection>,
    up_proj: Projection,
    down_proj: Projection,
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

    /// The same with other projections.
    pub(super) fn map_projections(self, change: &mut ChangeProjection<'_>) -> Mlp {
        Mlp {
            gate_proj: self.gate_proj.map(|gate| change("mlp.gate_proj", gate)),
            up_proj: change("mlp.up_proj", self.up_proj),
            down_proj: change("mlp.down_proj", self.down_proj),
            ..self
        }
    }

    /// From `batch x seq x hidden` to the same.
    pub(super) fn forward(&self, hidden: Tensor<3>, dropout: &mut Dropout) -> Tensor<3> {
        let up = self.up_proj.forward(hidden.clone(), dropout); // [batch, seq, intermediate]
        let inner = match (self.activation.entry(), &self.gate_proj) {
            (Entry::Gate(apply), Some(gate)) => apply(gate.forward(hidden, dropout), up),
            (Entry::Each(apply), _) => apply(up),
            (Entry::Gate(_), None) => unreachable!("a gate has a layer"),
        }; // [batch, seq, intermediate]
        self.down_proj.forward(inner, dropout)
    }
}
