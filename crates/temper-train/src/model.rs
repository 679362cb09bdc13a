//! The language model: a decoder-only transformer, one file per part.

mod activation;
mod adapter;
mod attention;
mod block;
mod cache;
mod dropout;
mod fine_tuning;
mod initial;
mod loss;
mod mlp;
mod norm;
mod position;
mod precision;
mod projection;
mod rope;
mod sight;
mod z_loss;

use std::sync::Arc;

use burn::module::{Module, ParamGroup};
use burn::nn::{Embedding, Linear};
use burn::tensor::{Device, Int, Tensor};
use temper_optim::{Groups, RateFactors};

pub(crate) use activation::ActivationKind;
pub(crate) use adapter::Adapter;
pub(crate) use cache::Cache;
pub(crate) use dropout::Dropout;
pub(crate) use fine_tuning::ChangeProjection;
pub(crate) use loss::{cross_entropy, log_probabilities};
pub(crate) use norm::NormKind;
pub(crate) use position::PositionKind;
pub use precision::Precision;
pub(crate) use precision::as_in;
pub(crate) use projection::Projection;
pub(crate) use z_loss::z_loss;

use self::attention::Attention;
use self::block::Block;
use self::initial::InitialWeights;
use self::mlp::Mlp;
use self::norm::Norm;
use self::position::Positions;
use self::precision::{cast, widen};
use self::rope::Rope;
use self::sight::{Sight, causal_mask};
use crate::TrainConfig;
use crate::data::Sequences;
use crate::fused::{OutputWeights, is_supported, output_loss};

/// A decoder-only transformer with norms before each part (Xiong et al. 2020) and grouped-query
/// attention (Ainslie et al. 2023); norms, activations and positions are those of the
/// architecture. The output layer shares the embedding's weights (Press & Wolf 2017) where it has none
/// of its own.
///
/// Parameters are named as in Hugging Face's Llama, but for the scales and shifts of norms, which
/// are `gamma` and `beta`.
#[derive(Module, Debug)]
pub(crate) struct Model {
    embed_tokens: Embedding,
    layers: Vec<Block>,
    norm: Norm,
    /// The output layer, where it does not share the embedding's weights.
    lm_head: Option<Linear>,
    embed_positions: Positions,
    /// What the logits are divided by.
    width_multiplier: f64,
    /// What products of matrices are computed in.
    #[module(skip)]
    precision: Precision,
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
            norm: weights.norm(),
            lm_head: (!config.tie_word_embeddings)
                .then(|| weights.output(config.hidden_size, config.vocabulary())),
            embed_positions: Positions::new(config, &mut weights),
            width_multiplier: config.width_multiplier(),
            precision: config.precision,
            mask: causal_mask(config.max_seq_length, device),
        }
    }

    /// The parameters that optimizers treat apart. The lengths of an adapter are no matrix.
    pub(crate) fn groups() -> Groups {
        Groups {
            output: ParamGroup::from_predicate("lm_head"),
            norms_and_biases: ParamGroup::from_any_predicates(vec!["norm", "bias", "magnitude"]),
            embeddings: ParamGroup::from_any_predicates(vec!["embed_tokens", "embed_positions"]),
            rates: RateFactors::default(),
        }
    }

    /// The logits of each next token: from `batch x seq` to `batch x seq x vocabulary`, where seq
    /// is at most `max_seq_length`.
    ///
    /// Where `segments` (`batch x seq`) are given, a token sees only those before it whose segment
    /// is its own, and learned positions are counted anew in each; rotary ones are relative.
    pub(crate) fn forward(
        &self,
        tokens: Tensor<2, Int>,
        segments: Option<Tensor<2, Int>>,
    ) -> Tensor<3> {
        self.forward_with(tokens, segments, &mut Dropout::none())
    }

    /// The same with dropout, as in training.
    pub(crate) fn forward_with(
        &self,
        tokens: Tensor<2, Int>,
        segments: Option<Tensor<2, Int>>,
        dropout: &mut Dropout,
    ) -> Tensor<3> {
        self.logits(self.stream(tokens, segments, dropout))
    }

    /// The summed loss of the targets that count, in nats; the logits of all of them need not be
    /// held at once.
    pub(crate) fn loss(&self, batch: Sequences, dropout: &mut Dropout) -> Tensor<1> {
        let hidden = self.features(self.stream(batch.inputs, batch.segments, dropout));
        if !is_supported(&hidden) {
            return cross_entropy(self.project(hidden), batch.targets, batch.weights);
        }
        let targets = batch.targets.into_data();
        let targets = targets.iter::<i64>().map(|target| u32::try_from(target).ok());
        let targets: Arc<[Option<u32>]> = match batch.weights {
            None => targets.collect(),
            Some(weights) => {
                let weights = weights.into_data();
                let counted = targets.zip(weights.iter::<f32>());
                counted.map(|(target, weight)| target.filter(|_| weight > 0.0)).collect()
            }
        };
        let (weights, layout) = match &self.lm_head {
            Some(layer) => (layer.weight.val(), OutputWeights::Linear),
            None => (self.embed_tokens.weight.val(), OutputWeights::Embedding),
        };
        output_loss(hidden, weights, layout, targets)
    }

    /// The residual stream after the last layer: `batch x seq x hidden`.
    fn stream(
        &self,
        tokens: Tensor<2, Int>,
        segments: Option<Tensor<2, Int>>,
        dropout: &mut Dropout,
    ) -> Tensor<3> {
        let [_, seq] = tokens.dims();
        let rope = self.embed_positions.turns(seq);
        let tokens = self.embed_tokens.forward(tokens); // [batch, seq, hidden]
        let embedded = match &segments {
            None => self.embed_positions.embed(tokens, 0),
            Some(segments) => self.embed_positions.embed_segments(tokens, segments),
        };
        let mut hidden = dropout.residual(embedded);
        let is_exact = self.precision == Precision::F32;
        let sight = if is_exact && is_supported(&hidden) && !dropout.is_on_attention() {
            Sight::first(segments)
        } else {
            Sight::mask(self.mask.clone().slice([0..seq, 0..seq]), segments)
        };
        for layer in &self.layers {
            hidden = layer.forward(hidden, rope.as_ref(), &sight, dropout);
        }
        hidden
    }

    /// The logits (`batch x seq x vocabulary`) of a residual stream (`batch x seq x hidden`).
    fn logits(&self, stream: Tensor<3>) -> Tensor<3> {
        self.project(self.features(stream))
    }

    /// What the output layer sees of a residual stream: `batch x seq x hidden`, both.
    fn features(&self, stream: Tensor<3>) -> Tensor<3> {
        let hidden = self.norm.forward(stream); // [batch, seq, hidden]
        if self.width_multiplier == 1.0 { hidden } else { hidden / self.width_multiplier }
    }

    /// The output layer: from `batch x seq x hidden` to `batch x seq x vocabulary`, in 32 bits.
    fn project(&self, hidden: Tensor<3>) -> Tensor<3> {
        let output = match &self.lm_head {
            Some(layer) => layer.weight.val(), // [hidden, vocabulary]
            None => self.embed_tokens.weight.val().transpose(), // [hidden, vocabulary]
        };
        let output = as_in(output, &hidden);
        let [batch, seq, width] = hidden.dims();
        // As one matrix: burn's `linear` would write the turned embedding anew for a single token.
        let logits = hidden.reshape([batch * seq, width]).matmul(output); // [batch * seq, vocabulary]
        let vocabulary = logits.dims()[1];
        widen(logits.reshape([batch, seq, vocabulary])) // [batch, seq, vocabulary]
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod width_tests;
