//! How the model knows the order of tokens.

mod learned;

use burn::module::{Module, Param};
use burn::tensor::{Int, Tensor};

use super::{InitialWeights, Rope};
use crate::TrainConfig;

/// A kind of position encoding, one file each: `rope.rs` and `position/learned.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PositionKind {
    Rotary,
    Learned,
}

/// The position encoding of a model.
#[derive(Module, Debug)]
pub(super) struct Positions {
    /// Of learned positions, what is added to the embedding of a token: `max_seq x hidden`.
    pub weight: Option<Param<Tensor<2>>>,
    /// Of rotary positions, the turns of queries and keys.
    rope: Option<Rope>,
}

impl Positions {
    pub(super) fn new(config: &TrainConfig, weights: &mut InitialWeights) -> Positions {
        match config.architecture.parts().positions {
            PositionKind::Rotary => {
                let positions = 0..config.max_seq_length;
                let rope = Rope::new(&config.rope_frequencies(), positions, weights.device());
                Positions { weight: None, rope: Some(rope) }
            }
            PositionKind::Learned => {
                let table = learned::table(config.max_seq_length, config.hidden_size, weights);
                Positions { weight: Some(table), rope: None }
            }
        }
    }

    /// The embeddings of tokens (`batch x seq x hidden`) with those of their positions, from
    /// `first` on.
    pub(super) fn embed(&self, tokens: Tensor<3>, first: usize) -> Tensor<3> {
        match &self.weight {
            Some(table) => learned::add(tokens, table.val(), first),
            None => tokens,
        }
    }

    /// The same, with positions counted anew in each of the `segments` of a row: `batch x seq`.
    pub(super) fn embed_segments(&self, tokens: Tensor<3>, segments: &Tensor<2, Int>) -> Tensor<3> {
        match &self.weight {
            Some(table) => learned::add_in_segments(tokens, table.val(), segments),
            None => tokens, // Turns are relative.
        }
    }

    /// The turns of the first `seq` positions, if there are any.
    pub(super) fn turns(&self, seq: usize) -> Option<Rope> {
        self.rope.as_ref().map(|rope| rope.first(seq))
    }
}
