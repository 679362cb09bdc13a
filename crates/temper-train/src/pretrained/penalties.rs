//! What makes tokens that a text has already less probable.

use std::collections::{BTreeMap, BTreeSet};

use super::Sampling;

/// The tokens of a text, as penalties count them.
pub(super) struct Occurred {
    /// Those of the prompt.
    prompt: BTreeSet<u32>,
    /// How often each was generated.
    generated: BTreeMap<u32, u32>,
}

impl Occurred {
    /// Only a prompt yet.
    pub(super) fn in_prompt(tokens: &[u32]) -> Occurred {
        let prompt = tokens.iter().copied().collect();
        Occurred { prompt, generated: BTreeMap::new() }
    }

    /// Another token was generated.
    pub(super) fn add(&mut self, token: u32) {
        *self.generated.entry(token).or_default() += 1;
    }

    /// Changes the logits as the penalties of `sampling` say.
    pub(super) fn penalize(&self, logits: &mut [f32], sampling: &Sampling) {
        let repetition = sampling.repetition_penalty as f32;
        for token in self.prompt.iter().chain(self.generated.keys()).collect::<BTreeSet<_>>() {
            let logit = &mut logits[*token as usize];
            if *logit > 0.0 { *logit /= repetition } else { *logit *= repetition }
        }
        for (token, count) in &self.generated {
            let penalty =
                f64::from(*count) * sampling.frequency_penalty + sampling.presence_penalty;
            logits[*token as usize] -= penalty as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The logits 2, -2, 1, -1 and 3, where 0 and 1 are in the prompt, 1 was generated once and 2
    /// three times.
    fn penalized(sampling: &Sampling) -> [f32; 5] {
        let mut occurred = Occurred::in_prompt(&[0, 1, 0]);
        [2, 1, 2, 2].into_iter().for_each(|token| occurred.add(token));
        let mut logits = [2.0, -2.0, 1.0, -1.0, 3.0];
        occurred.penalize(&mut logits, sampling);
        logits
    }

    #[test]
    fn repetitions_of_the_prompt_count_once_and_make_negative_logits_more_negative() {
        let sampling = Sampling { repetition_penalty: 2.0, ..Sampling::default() };
        assert_eq!(penalized(&sampling), [1.0, -4.0, 0.5, -1.0, 3.0]);
        let sampling = Sampling { repetition_penalty: 0.5, ..Sampling::default() };
        assert_eq!(penalized(&sampling), [4.0, -1.0, 2.0, -1.0, 3.0]);
    }

    #[test]
    fn frequency_and_presence_are_of_generated_tokens_alone() {
        let sampling = Sampling { frequency_penalty: 0.5, ..Sampling::default() };
        assert_eq!(penalized(&sampling), [2.0, -2.5, -0.5, -1.0, 3.0]);
        let sampling = Sampling { presence_penalty: 0.5, ..Sampling::default() };
        assert_eq!(penalized(&sampling), [2.0, -2.5, 0.5, -1.0, 3.0]);
    }

    #[test]
    fn repetitions_are_penalized_before_the_others_and_by_default_nothing_is() {
        let all = Sampling {
            repetition_penalty: 2.0,
            frequency_penalty: -1.0,
            presence_penalty: 0.5,
            ..Sampling::default()
        };
        assert_eq!(penalized(&all), [1.0, -3.5, 3.0, -1.0, 3.0]);
        assert_eq!(penalized(&Sampling::default()), [2.0, -2.0, 1.0, -1.0, 3.0]);
    }
}
