//! Causal self-attention with grouped queries.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, activation::softmax};

use super::{InitialWeights, Rope};
use crate::TrainConfig;

/// Multi-head attention (Vaswani et al. 2017, section 3.2), where each key and value head serves
/// a group of neighbouring query heads (Ainslie et al. 2023).
#[derive(Module, Debug)]
pub(super) struct Attention {
    pub q_proj: Linear,
    pub k_proj: Linear,
    pub v_proj: Linear,
    pub o_proj: Linear,
    head_dim: usize,
}

impl Attention {
    pub(super) fn new(config: &TrainConfig, weights: &mut InitialWeights) -> Attention {
        let hidden = config.hidden_size;
        let width = config.num_heads * config.head_dim();
        let kv_width = config.kv_heads() * config.head_dim();
        Attention {
            q_proj: weights.linear(hidden, width),
            k_proj: weights.linear(hidden, kv_width),
            v_proj: weights.linear(hidden, kv_width),
            o_proj: weights.residual_linear(width, hidden),
            head_dim: config.head_dim(),
        }
    }

    /// Lets each position of `hidden` (`batch x seq x hidden`) look at those `mask` (`seq x seq`,
    /// added to the scores) allows.
    pub(super) fn forward(&self, hidden: Tensor<3>, rope: &Rope, mask: &Tensor<2>) -> Tensor<3> {
        let [queries, keys, values] = self.project(hidden, rope);
        self.mix(queries, keys, values, mask)
    }

    /// The queries, keys and values of each position: `batch x heads x seq x head_dim`, where the
    /// latter two have `kv_heads` heads; queries are scaled.
    pub(super) fn project(&self, hidden: Tensor<3>, rope: &Rope) -> [Tensor<4>; 3] {
        let scale = (self.head_dim as f64).sqrt().recip();
        let queries = rope.rotate(self.heads(self.q_proj.forward(hidden.clone()))) * scale;
        let keys = rope.rotate(self.heads(self.k_proj.forward(hidden.clone())));
        let values = self.heads(self.v_proj.forward(hidden));
        [queries, keys, values]
    }

    /// Lets each query (`seq` of them) look at those keys (`all` of them) that `mask` (`seq x
    /// all`) allows; gives `batch x seq x hidden`.
    pub(super) fn mix(
        &self,
        queries: Tensor<4>,
        keys: Tensor<4>,
        values: Tensor<4>,
        mask: &Tensor<2>,
    ) -> Tensor<3> {
        let [batch, num_heads, seq, head_dim] = queries.dims();
        let [_, kv_heads, all, _] = keys.dims();

        // The queries of a group follow each other: one matrix per key head, no copies of keys.
        let rows = num_heads / kv_heads * seq;
        // [batch, kv_heads, rows, head_dim]
        let queries = queries.reshape([batch, kv_heads, rows, head_dim]);
        let scores = queries.matmul(keys.swap_dims(2, 3)); // [batch, kv_heads, rows, all]
        let scores = scores.reshape([batch, num_heads, seq, all]); // [batch, heads, seq, all]
        let shares = softmax(scores + mask.clone().unsqueeze(), 3);
        let shares = shares.reshape([batch, kv_heads, rows, all]); // [batch, kv_heads, rows, all]
        let mixed = shares.matmul(values); // [batch, kv_heads, rows, head_dim]
        // [batch, heads, seq, head_dim]
        let mixed = mixed.reshape([batch, num_heads, seq, head_dim]);
        // [batch, seq, heads * head_dim]
        let mixed = mixed.swap_dims(1, 2).reshape([batch, seq, num_heads * head_dim]);
        self.o_proj.forward(mixed)
    }

    fn heads(&self, projected: Tensor<3>) -> Tensor<4> {
        let [batch, seq, width] = projected.dims();
        let heads = width / self.head_dim;
        // [batch, seq, heads, head_dim]
        let heads = projected.reshape([batch, seq, heads, self.head_dim]);
        heads.swap_dims(1, 2) // [batch, heads, seq, head_dim]
    }
}

/// 0 on and below the diagonal, minus infinity above it: `seq x seq`.
pub(super) fn causal_mask(seq: usize, device: &Device) -> Tensor<2> {
    Tensor::full([seq, seq], f32::NEG_INFINITY, device).triu(1) // [seq, seq]
}
