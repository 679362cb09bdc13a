//! One layer of the transformer.

use burn::module::Module;
use burn::tensor::Tensor;

use super::{Attention, ChangeProjection, Dropout, InitialWeights, Mlp, Norm, Rope, Sight, widen};
use crate::TrainConfig;

/// Attention, then MLP, each on the normalised residual stream and added to it.
#[derive(Module, Debug)]
pub(super) struct Block {
    pub input_layernorm: Norm,
    pub self_attn: Attention,
    pub post_attention_layernorm: Norm,
    pub mlp: Mlp,
}

impl Block {
    pub(super) fn new(config: &TrainConfig, weights: &mut InitialWeights) -> Block {
        Block {
            input_layernorm: weights.norm(),
            self_attn: Attention::new(config, weights),
            post_attention_layernorm: weights.norm(),
            mlp: Mlp::new(config, weights),
        }
    }

    /// The same with other projections.
    pub(super) fn map_projections(self, change: &mut ChangeProjection<'_>) -> Block {
        Block {
            self_attn: self.self_attn.map_projections(change),
            mlp: self.mlp.map_projections(change),
            ..self
        }
    }

    /// From `batch x seq x hidden` to the same.
    pub(super) fn forward(
        &self,
        hidden: Tensor<3>,
        rope: Option<&Rope>,
        sight: &Sight,
        dropout: &mut Dropout,
    ) -> Tensor<3> {
        let normed = self.input_layernorm.forward(hidden.clone());
        let attended = widen(self.self_attn.forward(&normed, rope, sight, dropout));
        let hidden = hidden + dropout.residual(attended);
        let normed = self.post_attention_layernorm.forward(hidden.clone());
        let written = widen(self.mlp.forward(normed, dropout));
        hidden + dropout.residual(written)
    }
}
