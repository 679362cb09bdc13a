//! The sizes of the model that follow from the settings.

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
    /// The default is that of Llama's code (Touvron et al. 2023): floor(8/3 hidden), rounded
    /// up to a multiple; theirs is 256, ours 64 for smaller models.
    pub fn intermediate(&self) -> usize {
        let two_thirds_of_four = 8 * self.hidden_size / 3;
        self.intermediate_size.unwrap_or(two_thirds_of_four.next_multiple_of(INTERMEDIATE_MULTIPLE))
    }

    /// The exact number of trainable parameters of a valid configuration; the output layer shares
    /// the embedding's.
    pub fn num_parameters(&self) -> u64 {
        let hidden = self.hidden_size as u64;
        let kv_width = (self.kv_heads() * self.head_dim()) as u64;
        let width = (self.num_heads * self.head_dim()) as u64;
        let attention = 2 * hidden * width + 2 * hidden * kv_width;
        let mlp = 3 * hidden * self.intermediate() as u64;
        let norms = 2 * hidden;
        let embedding = self.vocabulary() as u64 * hidden;
        let final_norm = hidden;
        embedding + self.num_layers as u64 * (attention + mlp + norms) + final_norm
    }
}
