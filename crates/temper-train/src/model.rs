//! The language model: a decoder-only transformer, one file per part.

mod attention;
mod block;
mod cache;
mod initial;
mod loss;
mod mlp;
mod rope;

use burn::module::{Module, ParamGroup};
use burn::nn::{Embedding, RmsNorm};
use burn::tensor::{Device, Int, Tensor, module::linear};
use temper_optim::Groups;

pub(crate) use cache::Cache;
pub(crate) use loss::cross_entropy;

use self::attention::{Attention, causal_mask};
use self::block::Block;
use self::initial::InitialWeights;
use self::mlp::Mlp;
use self::rope::Rope;
use crate::TrainConfig;

/// A decoder-only transformer in the manner of Llama (Touvron et al. 2023): norms by root mean
/// square (Zhang & Sennrich 2019) before each part, rotary positions (Su et al. 2021), gated MLPs
/// (Shazeer 2020), grouped-query attention (Ainslie et al. 2023). The output layer shares the
/// embedding's weights (Press & Wolf 2017).
#[derive(Module, Debug)]
pub(crate) struct Model {
    embed_tokens: Embedding,
    layers: Vec<Block>,
    norm: RmsNorm,
    rope: Rope,
    /// 0 where a position may look and minus infinity where not: `max_seq x max_seq`.
    mask: Tensor<2>,
}

impl Model {
    /// A model with random weights, which depend on `config` and its seed alone.
    pub(crate) fn new(config: &TrainConfig, device: &Device) -> Model {
        let mut weights = InitialWeights::new(config, device);
        Model {
            embed_tokens: weights.embedding(config.vocabulary(), config.hidden_size),
            layers: (0..config.num_layers).map(|_| Block::new(config, &mut weights)).collect(),
            norm: weights.rms_norm(),
            rope: Rope::new(&config.rope_frequencies(), 0..config.max_seq_length, device),
            mask: causal_mask(config.max_seq_length, device),
        }
    }

    /// The parameters that optimizers treat apart; the output layer is the embedding.
    pub(crate) fn groups() -> Groups {
        Groups {
            output: ParamGroup::from_ids(Vec::new()),
            norms_and_biases: ParamGroup::from_predicate("norm"),
            embeddings: ParamGroup::from_predicate("embed_tokens"),
        }
    }

    /// The logits of each next token: from `batch x seq` to `batch x seq x vocabulary`, where seq
    /// is at most `max_seq_length`.
    pub(crate) fn forward(&self, tokens: Tensor<2, Int>) -> Tensor<3> {
        let [_, seq] = tokens.dims();
        let rope = self.rope.first(seq);
        let mask = self.mask.clone().slice([0..seq, 0..seq]); // [seq, seq]
        let mut hidden = self.embed_tokens.forward(tokens); // [batch, seq, hidden]
        for layer in &self.layers {
            hidden = layer.forward(hidden, &rope, &mask);
        }
        self.output(hidden)
    }

    /// The logits of the last layer's `hidden`: from `batch x seq x hidden` to `batch x seq x
    /// vocabulary`.
    fn output(&self, hidden: Tensor<3>) -> Tensor<3> {
        let hidden = self.norm.forward(hidden);
        let output = self.embed_tokens.weight.val().transpose(); // [hidden, vocabulary]
        linear(hidden, output, None) // [batch, seq, vocabulary]
    }
}

#[cfg(test)]
mod tests;
