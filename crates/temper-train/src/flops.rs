//! What training costs in floating-point operations.

use crate::TrainConfig;
use crate::data::Sequences;
use crate::model::PositionKind;

/// The operations that the model needs for training on sequences, whatever is computed to get
/// there: 6 N + 12 L H Q T per token (Chowdhery et al. 2022, appendix B), where
///
/// | symbol | |
/// |---|---|
/// | N | parameters that a token is multiplied by |
/// | L, H, Q | layers, query heads, width of a head |
/// | T | tokens of its sequence or, where examples are packed, of its example |
///
/// N is all parameters without the embeddings of tokens and positions, which are looked up; the output
/// layer counts also where it shares the embedding's weights. Padding costs nothing by it, and
/// attention counts as if every token saw all of its sequence, as in the paper.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ModelFlops {
    per_token: f64,
    /// For each pair of tokens of a sequence.
    per_pair: f64,
}

impl ModelFlops {
    /// Those of a model of these settings, all of whose parameters are trained.
    pub(crate) fn new(config: &TrainConfig) -> ModelFlops {
        let learned_positions = match config.architecture.parts().positions {
            PositionKind::Rotary => 0,
            PositionKind::Learned => config.max_seq_length,
        };
        let embeddings = if config.tie_word_embeddings { 0 } else { config.vocabulary() };
        let looked_up = ((embeddings + learned_positions) * config.hidden_size) as u64;
        let width = config.num_heads * config.head_dim();
        ModelFlops {
            per_token: 6.0 * (config.num_parameters() - looked_up) as f64,
            per_pair: 12.0 * (config.num_layers * width) as f64,
        }
    }

    /// The operations of training on these sequences once.
    pub(crate) fn of(&self, sequences: &Sequences) -> f64 {
        let lengths = sequences.lengths.iter().map(|length| *length as f64);
        lengths.map(|length| length * (self.per_token + self.per_pair * length)).sum()
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::Architecture;

    #[test]
    fn they_are_those_of_the_formula() {
        let config = TrainConfig {
            hidden_size: 8,
            num_layers: 3,
            num_heads: 2,
            head_dim: Some(6),
            intermediate_size: Some(10),
            max_seq_length: 5,
            ..TrainConfig::default()
        };
        let device = Device::flex();
        let of = |config: &TrainConfig| {
            let tokens: Vec<u32> = (0..20).collect();
            ModelFlops::new(config).of(&Sequences::cut(&tokens, &[0, 7], 5, &device))
        };
        // Projections of attention and MLP, norms; 256 tokens.
        let parameters = 256 * 8 + 3 * (4 * 8 * 12 + 3 * 8 * 10 + 2 * 8) + 8;
        let tokens = 2 * 5;
        let expected = tokens * (6 * parameters + 12 * 3 * 2 * 6 * 5);
        assert_eq!(of(&config), f64::from(expected));
        let untied = TrainConfig { tie_word_embeddings: false, ..config.clone() };
        assert_eq!(of(&untied), f64::from(expected));
        let gpt2 = TrainConfig { architecture: Architecture::Gpt2, ..config };
        let learned = gpt2.num_parameters() - 5 * 8;
        assert_eq!(of(&gpt2), tokens as f64 * (6 * learned + 12 * 3 * 2 * 6 * 5) as f64);
    }
}
