//! Choosing the next token.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::PretrainedError;

/// How the next token is chosen; by default the most probable one.
///
/// First penalties change the logits of tokens that were there before, then `temperature` divides
/// them, and then `min_p`, `top_k` and `top_p`, in this order, leave out the least probable tokens,
/// each among those that the ones before it left: the order of vLLM (`vllm/v1/sample/sampler.py`).
/// llama.cpp has another, with the temperature at its end.
///
/// As with vLLM, `repetition_penalty` counts the tokens of the prompt and those that were generated,
/// and the other two penalties only the latter, as the definition of `OpenAI`'s API says. llama.cpp's
/// server counts the last 64 tokens of both for all three (its `repeat_last_n`).
#[derive(Clone, Debug, PartialEq)]
pub struct Sampling {
    /// Divides the logits, at least 0; 0 takes the most probable token.
    pub temperature: f64,
    /// Only this many of the most probable tokens are drawn; `None`: all.
    pub top_k: Option<usize>,
    /// Only the most probable tokens are drawn that together have this probability, in (0, 1]
    /// (Holtzman et al. 2020).
    pub top_p: f64,
    /// Only tokens are drawn whose probability is at least this share of the greatest one, in
    /// \[0, 1\] (Nguyen et al. 2024).
    pub min_p: f64,
    /// Divides the logits of tokens that were there before where they are positive, and multiplies
    /// them where they are not; above 0, and 1 changes nothing (Keskar et al. 2019, section 4.1, but
    /// for the negative ones, which are as in transformers).
    pub repetition_penalty: f64,
    /// Taken from a token's logit for each time that it was generated, in \[-2, 2\].
    pub frequency_penalty: f64,
    /// Taken from a token's logit if it was generated, in \[-2, 2\].
    pub presence_penalty: f64,
    /// Seed of the draws.
    pub seed: u64,
}

impl Default for Sampling {
    fn default() -> Self {
        Sampling {
            temperature: 0.0,
            top_k: None,
            top_p: 1.0,
            min_p: 0.0,
            repetition_penalty: 1.0,
            frequency_penalty: 0.0,
            presence_penalty: 0.0,
            seed: 0,
        }
    }
}

impl Sampling {
    /// # Errors
    /// The first setting that is out of its bounds.
    pub(super) fn validate(&self) -> Result<(), PretrainedError> {
        let refuse = |key, value: f64, fault| {
            Err(PretrainedError::Sampling { key, value: value.to_string(), fault })
        };
        if !(self.temperature.is_finite() && self.temperature >= 0.0) {
            return refuse("temperature", self.temperature, "not a number of at least 0");
        }
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            return refuse("top_p", self.top_p, "not above 0 and at most 1");
        }
        if self.top_k == Some(0) {
            return refuse("top_k", 0.0, "below 1");
        }
        if !(0.0..=1.0).contains(&self.min_p) {
            return refuse("min_p", self.min_p, "not within 0 and 1");
        }
        if !(self.repetition_penalty.is_finite() && self.repetition_penalty > 0.0) {
            let value = self.repetition_penalty;
            return refuse("repetition_penalty", value, "not a number above 0");
        }
        for (key, value) in [
            ("frequency_penalty", self.frequency_penalty),
            ("presence_penalty", self.presence_penalty),
        ] {
            if !(-2.0..=2.0).contains(&value) {
                return refuse(key, value, "not within -2 and 2");
            }
        }
        Ok(())
    }

    /// Chooses by the logits, which are finite; of equals, the first.
    pub(crate) fn choose(&self, logits: &[f32], rng: &mut ChaCha8Rng) -> u32 {
        let falling = |a: &u32, b: &u32| {
            let [left, right] = [a, b].map(|token| logits[*token as usize]);
            right.total_cmp(&left).then(a.cmp(b))
        };
        let mut tokens: Vec<u32> = (0..logits.len() as u32).collect();
        let Some(first) = tokens.iter().copied().min_by(falling) else { return 0 };
        if self.temperature == 0.0 {
            return first;
        }
        let largest = f64::from(logits[first as usize]);
        // Of its probability, the share of the greatest one.
        let weight =
            |token: &u32| ((f64::from(logits[*token as usize]) - largest) / self.temperature).exp();
        if self.min_p > 0.0 {
            tokens.retain(|token| weight(token) >= self.min_p);
        }
        if let Some(count) = self.top_k.filter(|count| *count < tokens.len()) {
            tokens.select_nth_unstable_by(count, falling);
            tokens.truncate(count);
        }
        tokens.sort_unstable_by(falling);
        let weights: Vec<f64> = tokens.iter().map(weight).collect();
        let kept = self.top_p * weights.iter().sum::<f64>();
        let mut sum = 0.0;
        let end = weights.iter().position(|weight| {
            sum += weight;
            sum >= kept
        });
        let end = end.map_or(tokens.len(), |last| last + 1);
        let mut left = rng.random::<f64>() * weights[..end].iter().sum::<f64>();
        let drawn = weights[..end].iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        tokens[drawn.unwrap_or(end - 1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Draw, stream};

    /// How often each of three tokens is drawn in 3,000 draws.
    fn counts(sampling: &Sampling) -> [u32; 3] {
        let mut rng = stream(sampling.seed, Draw::Text);
        let logs = [0.2_f32, 0.5, 0.3].map(f32::ln);
        let mut counts = [0; 3];
        (0..3_000).for_each(|_| counts[sampling.choose(&logs, &mut rng) as usize] += 1);
        counts
    }

    #[test]
    fn tokens_are_drawn_as_often_as_their_probability_says() {
        assert_eq!(counts(&Sampling::default()), [0, 3_000, 0]);
        // Standard deviations of at most 27.
        for (count, expected) in counts(&Sampling { temperature: 1.0, ..Sampling::default() })
            .into_iter()
            .zip([600, 1_500, 900])
        {
            assert!(count.abs_diff(expected) < 110, "{count}");
        }
    }

    #[test]
    fn top_k_and_top_p_leave_out_the_least_probable() {
        let warm = Sampling { temperature: 1.0, ..Sampling::default() };
        assert_eq!(counts(&Sampling { top_k: Some(2), ..warm.clone() })[0], 0);
        assert_eq!(counts(&Sampling { top_p: 0.7, ..warm.clone() })[0], 0);
        assert_eq!(counts(&Sampling { top_p: 0.4, ..warm }), [0, 3_000, 0]);
    }

    #[test]
    fn min_p_leaves_out_tokens_by_their_share_of_the_greatest_probability() {
        let warm = Sampling { temperature: 1.0, ..Sampling::default() };
        let kept = |min_p, temperature| {
            let counts = counts(&Sampling { min_p, temperature, ..warm.clone() });
            counts.map(|count| count > 0)
        };
        // Shares of 0.4, 1 and 0.6.
        assert_eq!(kept(0.39, 1.0), [true, true, true]);
        assert_eq!(kept(0.41, 1.0), [false, true, true]);
        assert_eq!(kept(0.61, 1.0), [false, true, false]);
        // The temperature comes first: at 2, they are the square roots, 0.63, 1 and 0.77.
        assert_eq!(kept(0.61, 2.0), [true, true, true]);
        assert_eq!(kept(0.65, 2.0), [false, true, true]);
    }

    #[test]
    fn top_p_is_a_part_of_what_min_p_and_top_k_have_left() {
        let warm = Sampling { temperature: 1.0, ..Sampling::default() };
        // Of 0.5 and 0.3, the first has 0.625.
        for left in
            [Sampling { min_p: 0.5, ..warm.clone() }, Sampling { top_k: Some(2), ..warm.clone() }]
        {
            assert_eq!(counts(&Sampling { top_p: 0.62, ..left.clone() }), [0, 3_000, 0]);
            assert!(counts(&Sampling { top_p: 0.63, ..left })[2] > 0);
        }
        assert!(counts(&Sampling { top_p: 0.62, ..warm })[2] > 0);
    }

    #[test]
    fn a_setting_out_of_its_bounds_is_named_with_them() {
        let warm = Sampling { temperature: 1.0, ..Sampling::default() };
        let refused = [
            Sampling { top_p: 0.0, ..warm.clone() },
            Sampling { top_k: Some(0), ..warm.clone() },
            Sampling { min_p: 1.5, ..warm.clone() },
            Sampling { repetition_penalty: 0.0, ..warm.clone() },
            Sampling { frequency_penalty: -2.5, ..warm.clone() },
            Sampling { presence_penalty: f64::NAN, ..warm.clone() },
        ];
        let messages = refused.map(|sampling| sampling.validate().unwrap_err().to_string());
        let expected = [
            "`top_p`: 0 is not above 0 and at most 1",
            "`top_k`: 0 is below 1",
            "`min_p`: 1.5 is not within 0 and 1",
            "`repetition_penalty`: 0 is not a number above 0",
            "`frequency_penalty`: -2.5 is not within -2 and 2",
            "`presence_penalty`: NaN is not within -2 and 2",
        ];
        assert_eq!(messages, expected);
        assert!(warm.validate().is_ok());
    }
}
