//! Token sequences on the device, and where training draws them.

use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::RngExt;

use crate::rng::{Draw, stream};

/// Sequences of tokens and the tokens that follow each of theirs.
pub(crate) struct Sequences {
    /// What the model sees: `batch x seq`.
    pub inputs: Tensor<2, Int>,
    /// What it should predict, the inputs one token later: `batch x seq`.
    pub targets: Tensor<2, Int>,
    /// What each target counts, 0 or 1: `batch x seq`; `None`: all count.
    pub weights: Option<Tensor<2>>,
    /// Which tokens belong together: `batch x seq`; `None`: all of a row.
    pub segments: Option<Tensor<2, Int>>,
    /// Targets that count.
    pub trained: u64,
    /// Inputs of each text or example, padding left out.
    pub lengths: Vec<usize>,
}

impl Sequences {
    /// Cuts `length` tokens and their targets out of `tokens` at each of `starts`.
    pub(crate) fn cut(tokens: &[u32], starts: &[usize], length: usize, device: &Device) -> Self {
        let gather = |offset: usize| {
            let values: Vec<i32> = starts
                .iter()
                .flat_map(|start| &tokens[start + offset..start + offset + length])
                .map(|token| *token as i32)
                .collect();
            // [batch, seq]
            Tensor::from_data(TensorData::new(values, [starts.len(), length]), device)
        };
        Sequences {
            inputs: gather(0),
            targets: gather(1),
            weights: None,
            segments: None,
            trained: (starts.len() * length) as u64,
            lengths: vec![length; starts.len()],
        }
    }
}

/// Draws where the `count` sequences of an optimizer step start: uniform, with replacement, and
/// a function of the seed and the step alone.
///
/// An epoch of text is as many tokens as it has, not every token once: windows overlap and leave
/// gaps, and about 1 - 1/e of the text is seen in each. Their boundaries differ from one epoch to
/// the next, which windows laid side by side would have to be moved for.
pub(crate) fn random_starts(
    text_tokens: usize,
    length: usize,
    count: usize,
    seed: u64,
    step: u64,
) -> Vec<usize> {
    let mut rng = stream(seed, Draw::Sequences { step });
    let last_start = (text_tokens - length - 1) as u64;
    (0..count).map(|_| rng.random_range(0..=last_start) as usize).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_the_inputs_one_token_later() {
        let tokens: Vec<u32> = (0..10).collect();
        let sequences = Sequences::cut(&tokens, &[0, 6], 3, &Device::flex());
        let rows = |tensor: Tensor<2, Int>| tensor.into_data().convert::<i32>().try_to_vec::<i32>();
        assert_eq!(rows(sequences.inputs).unwrap(), [0, 1, 2, 6, 7, 8]);
        assert_eq!(rows(sequences.targets).unwrap(), [1, 2, 3, 7, 8, 9]);
    }

    #[test]
    fn starts_depend_on_the_seed_and_the_step_and_reach_both_ends() {
        let starts = |seed, step| random_starts(14, 9, 64, seed, step);
        assert_eq!(starts(1, 2), starts(1, 2));
        assert_ne!(starts(1, 2), starts(1, 3));
        assert_ne!(starts(1, 2), starts(2, 2));
        let drawn: std::collections::BTreeSet<usize> = starts(1, 2).into_iter().collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    }
}
