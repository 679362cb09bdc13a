//! Reading a text piece by piece: what was read is not computed again.

use burn::tensor::{Device, Int, Tensor};

use super::{Dropout, Model, PositionKind, Rope, widen};
use crate::TrainConfig;

/// The keys and values of the tokens that a model has read; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    /// Of each layer, `batch x kv_heads x tokens x head_dim`; empty before the first token.
    layers: Vec<Option<[Tensor<4>; 2]>>,
    /// Radians per position, where positions are rotary.
    frequencies: Option<Vec<f64>>,
    /// Tokens read.
    length: usize,
}

impl Cache {
    /// Nothing read yet, by a model of these settings.
    pub(crate) fn new(config: &TrainConfig) -> Cache {
        let is_rotary = config.architecture.parts().positions == PositionKind::Rotary;
        Cache {
            layers: vec![None; config.num_layers],
            frequencies: is_rotary.then(|| config.rope_frequencies()),
            length: 0,
        }
    }

    /// As it was after the first `length` of the tokens.
    pub(crate) fn first(&self, length: usize) -> Cache {
        let first = |tensor: &Tensor<4>| tensor.clone().slice_dim(2, 0..length); // [batch, kv_heads, length, head_dim]
        let layers = self.layers.iter().map(|read| match read {
            Some(both) if length > 0 => Some(both.each_ref().map(first)),
            _ => None,
        });
        Cache { layers: layers.collect(), frequencies: self.frequencies.clone(), length }
    }
}

impl Model {
    /// Reads `tokens` (`batch x seq`) after those in the cache, and gives the logits of what
    /// follows each of the last `outputs` of them: `batch x outputs x vocabulary`.
    pub(crate) fn read(
        &self,
        tokens: Tensor<2, Int>,
        outputs: usize,
        cache: &mut Cache,
        device: &Device,
    ) -> Tensor<3> {
        let [_, seq] = tokens.dims();
        let all = cache.length + seq;
        let rope = cache.frequencies.as_ref();
        let rope = rope.map(|turns| Rope::new(turns, cache.length..all, device));
        // Row r is position `length` + r: it looks at itself and what is before it. [seq, all]
        let mask = Tensor::<2>::full([seq, all], f32::NEG_INFINITY, device);
        let mask = mask.triu(cache.length as i64 + 1).unsqueeze(); // [1, 1, seq, all]
        let tokens = self.embed_tokens.forward(tokens); // [batch, seq, hidden]
        let mut hidden = self.embed_positions.embed(tokens, cache.length);
        for (layer, read) in self.layers.iter().zip(&mut cache.layers) {
            let normed = layer.input_layernorm.forward(hidden.clone());
            hidden = hidden + widen(layer.self_attn.follow(&normed, rope.as_ref(), &mask, read));
            let normed = layer.post_attention_layernorm.forward(hidden.clone());
            hidden = hidden + widen(layer.mlp.forward(normed, &mut Dropout::none()));
        }
        cache.length = all;
        self.logits(hidden.slice_dim(1, seq - outputs..seq))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Architecture;

    #[test]
    fn a_text_read_in_pieces_gives_the_logits_of_the_whole() {
        for architecture in Architecture::ALL {
            assert_the_same(architecture);
        }
    }

    fn assert_the_same(architecture: Architecture) {
        let config = TrainConfig {
            architecture,
            hidden_size: 16,
            num_layers: 2,
            num_kv_heads: Some(2),
            max_seq_length: 7,
            ..TrainConfig::default()
        };
        let device = Device::flex();
        let model = Model::new(&config, &device);
        let tokens = Tensor::<2, Int>::from_data([[5, 80, 3, 200, 7, 7, 9]], &device);
        let whole = model.forward(tokens.clone(), None);
        let mut cache = Cache::new(&config);
        let mut piece = |range| {
            let piece: Tensor<2, Int> = tokens.clone().slice_dim(1, range);
            let outputs = piece.dims()[1];
            model.read(piece, outputs, &mut cache, &device)
        };
        let pieces = Tensor::cat(vec![piece(0..3), piece(3..4), piece(4..7)], 1);
        let difference: f32 = (whole - pieces).abs().max().into_scalar();
        assert!(difference < 1e-6, "{difference}");
    }
}
