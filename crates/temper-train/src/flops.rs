//! What training costs in floating-point operations.

use crate::data::Sequences;
use crate::model::PositionKind;
use crate::{FinetuningType, TrainConfig};

/// The operations that the model needs for training on sequences, whatever is computed to get
/// there: 6 N + 12 L H Q T per token (Chowdhery et al. 2022, appendix B), where
///
/// | symbol | |
/// |---|---|
/// | N | parameters that a token is multiplied by |
/// | L, H, Q | layers, query heads, width of a head |
/// | T | tokens of its sequence or, where examples are packed, of its example |
///
/// That is 2 N for the way forward, 2 N for the gradient's way back and 2 N for the gradients of the
/// parameters themselves. Where not all are trained, the latter two are of those layers alone that the
/// gradient has to reach, and of those parameters that are trained; adapters are counted as well.
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
    /// Those of a model of these settings, with what is trained of them.
    pub(crate) fn new(config: &TrainConfig) -> ModelFlops {
        let learned_positions = match config.architecture.parts().positions {
            PositionKind::Rotary => 0,
            PositionKind::Learned => config.max_seq_length,
        };
        let embeddings = if config.tie_word_embeddings { 0 } else { config.vocabulary() };
        let looked_up = ((embeddings + learned_positions) * config.hidden_size) as u64;
        let width = config.num_heads * config.head_dim();
        let all = (config.num_parameters() - looked_up) as f64;
        let output = (config.vocabulary() * config.hidden_size) as f64;
        let reached = config.trained_layers() as f64 / config.num_layers as f64;
        let back = output + reached * (all - output);
        let trained = config.num_trained_parameters() as f64;
        let (adapters, gradients) = match config.finetuning_type {
            FinetuningType::Full => (0.0, all),
            FinetuningType::LastLayers => (0.0, trained),
            FinetuningType::Lora => (trained, trained),
        };
        let layers = 4.0 * config.num_layers as f64 + 8.0 * config.trained_layers() as f64;
        ModelFlops {
            per_token: 2.0 * (all + back + gradients + 2.0 * adapters),
            per_pair: layers * width as f64,
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
        let trained = |config: &TrainConfig| {
            let base_model = Some("llama".into());
            let config = TrainConfig { base_model, trained_layers: Some(1), ..config.clone() };
            (ModelFlops::new(&config).per_token, config.num_trained_parameters() as f64)
        };
        let last = TrainConfig { finetuning_type: FinetuningType::LastLayers, ..untied };
        let output = 256 * 8;
        let reached = f64::from(output) + f64::from(parameters - output) / 3.0;
        let close = |found: f64, expected: f64| (found - expected).abs() < 1e-9 * expected;
        let (found, weights) = trained(&last);
        assert!(close(found, 2.0 * (f64::from(parameters) + reached + weights)));
        let lora = TrainConfig { finetuning_type: FinetuningType::Lora, ..last };
        let (found, weights) = trained(&lora);
        assert!(close(found, 2.0 * (f64::from(parameters) + reached + 3.0 * weights)));
        assert_eq!(of(&gpt2), tokens as f64 * (6 * learned + 12 * 3 * 2 * 6 * 5) as f64);
    }
}
