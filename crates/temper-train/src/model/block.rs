//! One layer of the transformer.

use burn::module::Module;
use burn::nn::RmsNorm;
use burn::tensor::Tensor;

use super::{Attention, InitialWeights, Mlp, Rope};
use crate::TrainConfig;

/// Attention, then MLP, each on the normalised residual stream and added to it.
#[derive(Module, Debug)]
pub(super) struct Block {
    pub input_layernorm: RmsNorm,
    pub self_attn: Attention,
    pub post_attention_layernorm: RmsNorm,
    pub mlp: Mlp,
}

impl Block {
    pub(super) fn new(config: &TrainConfig, weights: &mut InitialWeights) -> Block {
        Block {
            input_layernorm: weights.rms_norm(),
            self_attn: Attention::new(config, weights),
            post_attention_layernorm: weights.rms_norm(),
            mlp: Mlp::new(config, weights),
        }
    }

    /// From `batch x seq x hidden` to the same; `mask` is `seq x seq`.
    pub(super) fn forward(&self, hidden: Tensor<3>, rope: &Rope, mask: &Tensor<2>) -> Tensor<3> {
        let normed = self.input_layernorm.forward(hidden.clone());
        let hidden = hidden + self.self_attn.forward(normed, rope, mask);
        let normed = self.post_attention_layernorm.forward(hidden.clone());
        hidden + self.mlp.forward(normed)
    }
}
