//! Causal self-attention with grouped queries.

use burn::module::Module;
use burn::tensor::{Tensor, activation::softmax};

use super::{ChangeProjection, Dropout, InitialWeights, Projection, Rope, Sight, as_in, widen};
use crate::TrainConfig;
use crate::fused::{Scope, attention};

/// Multi-head attention (Vaswani et al. 2017, section 3.2), where each key and value head serves
/// a group of neighbouring query heads (Ainslie et al. 2023).
#[derive(Module, Debug)]
pub(super) struct Attention {
    pub q_proj: Projection,
    pub k_proj: Projection,
    pub v_proj: Projection,
    pub o_proj: Projection,
    head_dim: usize,
    /// What the products of queries and keys are multiplied by.
    scale: f64,
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
            scale: config.attention_scale(),
        }
    }

    /// The same with other projections.
    pub(super) fn map_projections(self, change: &mut ChangeProjection<'_>) -> Attention {
        Attention {
            q_proj: change("self_attn.q_proj", self.q_proj),
            k_proj: change("self_attn.k_proj", self.k_proj),
            v_proj: change("self_attn.v_proj", self.v_proj),
            o_proj: change("self_attn.o_proj", self.o_proj),
            ..self
        }
    }

    /// Lets each position of `hidden` (`batch x seq x hidden`) look at those in its `sight`.
    pub(super) fn forward(
        &self,
        hidden: &Tensor<3>,
        rope: Option<&Rope>,
        sight: &Sight,
        dropout: &mut Dropout,
    ) -> Tensor<3> {
        let mixed = match sight {
            Sight::First(first_seen) => {
                let scope = Scope {
                    head_dim: self.head_dim,
                    scale: self.scale,
                    rotation: rope.map(Rope::tables),
                    first_seen: first_seen.clone(),
                };
                let [queries, keys, values] = self.project(hidden, dropout);
                attention(&scope, queries, keys, values)
            }
            Sight::Mask(mask) => {
                let [queries, keys, values] = self.heads(hidden, rope, dropout);
                masked_attention([queries, keys, values], self.scale, mask, dropout)
            }
        };
        self.o_proj.forward(mixed, dropout)
    }

    /// Lets positions that follow on others look at these and at themselves: `hidden` is `batch x
    /// seq x hidden`, the mask `1 x 1 x seq x all`. The keys and values of all positions, `batch x
    /// kv_heads x all x head_dim`, take the place of those that were there.
    pub(super) fn follow(
        &self,
        hidden: &Tensor<3>,
        rope: Option<&Rope>,
        mask: &Tensor<4>,
        read: &mut Option<[Tensor<4>; 2]>,
    ) -> Tensor<3> {
        let dropout = &mut Dropout::none();
        let [queries, mut keys, mut values] = self.heads(hidden, rope, dropout);
        if let Some([old_keys, old_values]) = read.take() {
            keys = Tensor::cat(vec![old_keys, keys], 2); // [batch, kv_heads, all, head_dim]
            values = Tensor::cat(vec![old_values, values], 2);
        }
        *read = Some([keys.clone(), values.clone()]);
        let inputs = [queries, keys, values];
        let mixed = masked_attention(inputs, self.scale, mask, dropout);
        self.o_proj.forward(mixed, dropout)
    }

    /// Queries, keys and values: `batch x seq x heads * head_dim`, the latter two of `kv_heads`.
    fn project(&self, hidden: &Tensor<3>, dropout: &mut Dropout) -> [Tensor<3>; 3] {
        [&self.q_proj, &self.k_proj, &self.v_proj]
            .map(|layer| layer.forward(hidden.clone(), dropout))
    }

    /// The same as heads, `batch x heads x seq x head_dim`, turned by their positions.
    fn heads(
        &self,
        hidden: &Tensor<3>,
        rope: Option<&Rope>,
        dropout: &mut Dropout,
    ) -> [Tensor<4>; 3] {
        let turn = |heads| match rope {
            Some(rope) => rope.rotate(heads),
            None => heads,
        };
        let projected = self.project(hidden, dropout);
        let [queries, keys, values] = projected.map(|projected| self.split(projected));
        [turn(queries), turn(keys), values]
    }

    fn split(&self, projected: Tensor<3>) -> Tensor<4> {
        let [batch, seq, width] = projected.dims();
        let heads = width / self.head_dim;
        // [batch, seq, heads, head_dim]
        let heads = projected.reshape([batch, seq, heads, self.head_dim]);
        heads.swap_dims(1, 2) // [batch, heads, seq, head_dim]
    }
}

/// The values (`batch x kv_heads x all x head_dim`) mixed for each query (`batch x heads x seq x
/// head_dim`) by the softmax of its products with the keys (shaped as the values) times `scale`,
/// plus a mask (`1 or batch x 1 x seq x all`); dropout is on the shares. The heads of the result
/// are side by side: `batch x seq x heads * head_dim`.
pub(super) fn masked_attention(
    [queries, keys, values]: [Tensor<4>; 3],
    scale: f64,
    mask: &Tensor<4>,
    dropout: &mut Dropout,
) -> Tensor<3> {
    let [batch, num_heads, seq, head_dim] = queries.dims();
    let [_, kv_heads, all, _] = keys.dims();
    // The queries of a group follow each other: one matrix per key head, no copies of keys.
    let rows = num_heads / kv_heads * seq;
    let queries = queries * scale;
    let queries = queries.reshape([batch, kv_heads, rows, head_dim]); // [batch, kv_heads, rows, head_dim]
    let scores = queries.matmul(keys.swap_dims(2, 3)); // [batch, kv_heads, rows, all]
    let scores = scores.reshape([batch, num_heads, seq, all]); // [batch, heads, seq, all]
    let shares = softmax(widen(scores) + mask.clone(), 3);
    let shares = as_in(dropout.attention(shares), &values);
    let shares = shares.reshape([batch, kv_heads, rows, all]); // [batch, kv_heads, rows, all]
    let mixed = shares.matmul(values); // [batch, kv_heads, rows, head_dim]
    let mixed = mixed.reshape([batch, num_heads, seq, head_dim]); // [batch, heads, seq, head_dim]
    mixed.swap_dims(1, 2).reshape([batch, seq, num_heads * head_dim])
}
