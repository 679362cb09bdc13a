//! Causal self-attention with grouped queries.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, activation::softmax};

use super::{Dropout, InitialWeights, Rope};
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
    /// What the products of queries and keys are multiplied by.
    scale: f64,
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
            scale: config.attention_scale(),
        }
    }

    /// Lets each position of `hidden` (`batch x seq x hidden`) look at those `mask` (`seq x seq`,
    /// added to the scores) allows.
    pub(super) fn forward(
        &self,
        hidden: Tensor<3>,
        rope: Option<&Rope>,
        mask: &Tensor<2>,
        dropout: &mut Dropout,
    ) -> Tensor<3> {
        let turn = |heads| match rope {
            Some(rope) => rope.rotate(heads),
            None => heads,
        };
        let queries = turn(self.heads(self.q_proj.forward(hidden.clone())));
        let keys = turn(self.heads(self.k_proj.forward(hidden.clone())));
        let values = self.heads(self.v_proj.forward(hidden));
        let mixed = attention(queries, keys, values, self.scale, mask, dropout);
        let [batch, num_heads, seq, head_dim] = mixed.dims();
        let mixed = mixed.swap_dims(1, 2); // [batch, seq, heads, head_dim]
        self.o_proj.forward(mixed.reshape([batch, seq, num_heads * head_dim])) // [batch, seq, hidden]
    }

    fn heads(&self, projected: Tensor<3>) -> Tensor<4> {
        let [batch, seq, width] = projected.dims();
        let heads = width / self.head_dim;
        // [batch, seq, heads, head_dim]
        let heads = projected.reshape([batch, seq, heads, self.head_dim]);
        heads.swap_dims(1, 2) // [batch, heads, seq, head_dim]
    }
}

/// The values (`batch x kv_heads x seq x head_dim`) mixed for each query (`batch x heads x seq x
/// head_dim`, as is the result) by the softmax of its products with the keys (shaped as the
/// values) times `scale`; dropout is on the shares.
fn attention(
    queries: Tensor<4>,
    keys: Tensor<4>,
    values: Tensor<4>,
    scale: f64,
    mask: &Tensor<2>,
    dropout: &mut Dropout,
) -> Tensor<4> {
    let [batch, num_heads, seq, head_dim] = queries.dims();
    let [_, kv_heads, _, _] = keys.dims();
    // The queries of a group follow each other: one matrix per key head, no copies of keys.
    let rows = num_heads / kv_heads * seq;
    let queries = queries * scale;
    let queries = queries.reshape([batch, kv_heads, rows, head_dim]); // [batch, kv_heads, rows, head_dim]
    let scores = queries.matmul(keys.swap_dims(2, 3)); // [batch, kv_heads, rows, seq]
    let scores = scores.reshape([batch, num_heads, seq, seq]); // [batch, heads, seq, seq]
    let shares = softmax(scores + mask.clone().unsqueeze(), 3);
    let shares = dropout.attention(shares);
    let shares = shares.reshape([batch, kv_heads, rows, seq]); // [batch, kv_heads, rows, seq]
    let mixed = shares.matmul(values); // [batch, kv_heads, rows, head_dim]
    mixed.reshape([batch, num_heads, seq, head_dim]) // [batch, heads, seq, head_dim]
}

/// 0 on and below the diagonal, minus infinity above it: `seq x seq`.
pub(super) fn causal_mask(seq: usize, device: &Device) -> Tensor<2> {
    Tensor::full([seq, seq], f32::NEG_INFINITY, device).triu(1) // [seq, seq]
}
