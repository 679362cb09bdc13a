//! The sizes of the model that follow from the settings.

use crate::model::PositionKind;
use crate::{TokenizerKind, TrainConfig};

/// The default width inside the MLP is rounded up to a multiple of this.
const INTERMEDIATE_MULTIPLE: usize = 64;

impl TrainConfig {
    /// Rows of the embedding. A text too small for a BPE of this size leaves some rows unused.
    pub fn vocabulary(&self) -> usize {
        self.vocab_size.unwrap_or(match self.tokenizer {
            TokenizerKind::Bytes => 256,
            TokenizerKind::Bpe => 1024,
        })
    }

    /// Number of key and value heads.
    pub fn kv_heads(&self) -> usize {
        self.num_kv_heads.unwrap_or(self.num_heads)
    }

    /// Width of one head.
    pub fn head_dim(&self) -> usize {
        self.head_dim.unwrap_or(self.hidden_size / self.num_heads.max(1))
    }

    /// Width inside the MLP.
    ///
    /// The default of a gated one is that of Llama's code (Touvron et al. 2023): floor(8/3 hidden),
    /// rounded up to a multiple; theirs is 256, ours 64 for smaller models. Without a gate it is 4
    /// hidden (Vaswani et al. 2017, section 3.3).
    pub fn intermediate(&self) -> usize {
        let hidden = self.hidden_size;
        self.intermediate_size.unwrap_or(
            if self.architecture.parts().activation.entry().is_gate() {
                (8 * hidden / 3).next_multiple_of(INTERMEDIATE_MULTIPLE)
            } else {
                4 * hidden
            },
        )
    }

    /// The exact number of parameters of a valid configuration, without adapters; weights that the
    /// output layer shares with the embedding count once.
    pub fn num_parameters(&self) -> u64 {
        let hidden = self.hidden_size as u64;
        let learned_positions = match self.architecture.parts().positions {
            PositionKind::Rotary => 0,
            PositionKind::Learned => self.max_seq_length as u64,
        };
        let vocabularies = if self.tie_word_embeddings { 1 } else { 2 };
        let rows = vocabularies * self.vocabulary() as u64 + learned_positions;
        rows * hidden + self.num_layers as u64 * self.layer_parameters() + self.norm_parameters()
    }

    /// The parameters of one layer.
    pub(super) fn layer_parameters(&self) -> u64 {
        let has_biases = self.architecture.parts().has_biases;
        let projections = self.projections().into_iter();
        let projections = projections
            .map(|(_, [inputs, outputs])| inputs * outputs + if has_biases { outputs } else { 0 });
        projections.sum::<u64>() + 2 * self.norm_parameters()
    }

    /// The parameters of a norm.
    pub(super) fn norm_parameters(&self) -> u64 {
        let has_shift = self.architecture.parts().norm.entry().has_shift;
        let vectors = if has_shift { 2 } else { 1 };
        vectors * self.hidden_size as u64
    }

    /// The linear layers of a layer, in its order, with the features that come in and go out.
    pub(super) fn projections(&self) -> Vec<(&'static str, [u64; 2])> {
        let hidden = self.hidden_size as u64;
        let kv_width = (self.kv_heads() * self.head_dim()) as u64;
        let width = (self.num_heads * self.head_dim()) as u64;
        let intermediate = self.intermediate() as u64;
        let is_gated = self.architecture.parts().activation.entry().is_gate();
        let all = [
            ("q_proj", [hidden, width]),
            ("k_proj", [hidden, kv_width]),
            ("v_proj", [hidden, kv_width]),
            ("o_proj", [width, hidden]),
            ("gate_proj", [hidden, intermediate]),
            ("up_proj", [hidden, intermediate]),
            ("down_proj", [intermediate, hidden]),
        ];
        all.into_iter().filter(|(name, _)| is_gated || *name != "gate_proj").collect()
    }
}
