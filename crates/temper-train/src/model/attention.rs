//! Causal self-attention with grouped queries.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, activation::softmax};

use super::{InitialWeights, Rope};
use crate::TrainConfig;
use crate::fused::{Scope, attention, is_supported, linear};

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
        let kv_width = config.kv_heads() * config.head_dim();
        Attention {
            q_proj: weights.linear(hidden, hidden),
            k_proj: weights.linear(hidden, kv_width),
            v_proj: weights.linear(hidden, kv_width),
            o_proj: weights.residual_linear(hidden, hidden),
            head_dim: config.head_dim(),
        }
    }

    /// Lets each position of `hidden` (`batch x seq x hidden`) look at those `mask` (`seq x seq`,
    /// added to the scores) allows.
    pub(super) fn forward(&self, hidden: Tensor<3>, rope: &Rope, mask: &Tensor<2>) -> Tensor<3> {
        let [batch, seq, width] = hidden.dims();
        let scale = (self.head_dim as f64).sqrt().recip();
        let queries = linear(&self.q_proj, hidden.clone());
        let keys = linear(&self.k_proj, hidden.clone());
        let values = linear(&self.v_proj, hidden);
        if is_supported(&queries) {
            let scope = Scope {
                head_dim: self.head_dim,
                scale,
                rotation: Some(rope.tables()),
                first_seen: None,
            };
            return linear(&self.o_proj, attention(&scope, queries, keys, values));
        }
        let queries = rope.rotate(self.heads(queries)) * scale;
        let keys = rope.rotate(self.heads(keys));
        let values = self.heads(values);
        let [_, num_heads, _, head_dim] = queries.dims();
        let [_, kv_heads, _, _] = keys.dims();

        // The queries of a group follow each other: one matrix per key head, no copies of keys.
        let rows = num_heads / kv_heads * seq;
        // [batch, kv_heads, rows, head_dim]
        let queries = queries.reshape([batch, kv_heads, rows, head_dim]);
        let scores = queries.matmul(keys.swap_dims(2, 3)); // [batch, kv_heads, rows, seq]
        let scores = scores.reshape([batch, num_heads, seq, seq]); // [batch, heads, seq, seq]
        let shares = softmax(scores + mask.clone().unsqueeze(), 3);
        let shares = shares.reshape([batch, kv_heads, rows, seq]); // [batch, kv_heads, rows, seq]
        let mixed = shares.matmul(values); // [batch, kv_heads, rows, head_dim]
        // [batch, heads, seq, head_dim]
        let mixed = mixed.reshape([batch, num_heads, seq, head_dim]);
        let mixed = mixed.swap_dims(1, 2).reshape([batch, seq, width]); // [batch, seq, hidden]
        linear(&self.o_proj, mixed)
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
