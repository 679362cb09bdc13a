//! How rotary positions are stretched for texts longer than those of the first training.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use crate::{TrainConfig, TrainError};

/// How the wavelengths of rotary positions are stretched, as `rope_scaling` of Hugging Face's
/// Llama says it.
///
/// ```
/// use temper_train::TrainConfig;
///
/// let config = TrainConfig::from_toml("rope_scaling = { rope_type = 'linear', factor = 2.0 }")?;
/// assert!(config.rope_scaling.is_some());
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(tag = "rope_type", rename_all = "lowercase")]
pub enum RopeScaling {
    /// All wavelengths alike (Chen et al. 2023, eq. 4).
    Linear {
        /// Times the wavelength, at least 1.
        factor: f64,
    },
    /// Long wavelengths, and those between long and short in part (Llama 3.1; Grattafiori et al.
    /// 2024).
    Llama3 {
        /// Times the long wavelengths, at least 1.
        factor: f64,
        /// Wavelengths longer than the first training's texts divided by this are long.
        low_freq_factor: f64,
        /// Wavelengths shorter than the first training's texts divided by this stay; above
        /// `low_freq_factor`.
        high_freq_factor: f64,
        /// Longest text of the first training, in tokens.
        original_max_position_embeddings: f64,
    },
    /// Each wavelength by a factor of its own, as GGUF files have it.
    Factors {
        /// One for each pair of a head's features, above 0.
        factors: Vec<f64>,
    },
}

impl RopeScaling {
    /// Checks it for heads of `head_dim` features.
    ///
    /// # Errors
    /// The first number that is out of its bounds.
    pub(super) fn validate(&self, head_dim: usize) -> Result<(), TrainError> {
        let (is_good, fault) = match self {
            RopeScaling::Linear { factor } => (at_least_one(*factor), "its factor is below 1"),
            RopeScaling::Llama3 {
                factor,
                low_freq_factor: low,
                high_freq_factor: high,
                original_max_position_embeddings: original,
            } => (
                at_least_one(*factor) && *low > 0.0 && at_least_one(*original) && high > low,
                "out of order: factor >= 1, 0 < low_freq_factor < high_freq_factor",
            ),
            RopeScaling::Factors { factors } => (
                factors.len() == head_dim / 2 && factors.iter().all(|factor| *factor > 0.0),
                "without one factor above 0 for each pair of a head's features",
            ),
        };
        if is_good {
            return Ok(());
        }
        Err(TrainError::OutOfBounds { key: "rope_scaling", value: format!("{self:?}"), fault })
    }

    /// What becomes of the frequency of pair `pair`, in radians per position.
    fn scale(&self, pair: usize, frequency: f64) -> f64 {
        match self {
            RopeScaling::Linear { factor } => frequency / factor,
            RopeScaling::Factors { factors } => frequency / factors[pair],
            RopeScaling::Llama3 {
                factor,
                low_freq_factor: low,
                high_freq_factor: high,
                original_max_position_embeddings: original,
            } => {
                // Turns within a text of the first training.
                let turns = original * frequency / TAU;
                let kept = ((turns - low) / (high - low)).clamp(0.0, 1.0);
                kept * frequency + (1.0 - kept) * frequency / factor
            }
        }
    }
}

impl TrainConfig {
    /// The turns of a head's pairs of features, in radians per position (Su et al. 2021, eq. 15):
    /// theta^(-2i / `head_dim`) for pair i, and then scaled.
    pub(crate) fn rope_frequencies(&self) -> Vec<f64> {
        let head_dim = self.head_dim();
        let frequency = |pair: usize| self.rope_base().powf(-2.0 * pair as f64 / head_dim as f64);
        let scaled = |pair| match &self.rope_scaling {
            Some(scaling) => scaling.scale(pair, frequency(pair)),
            None => frequency(pair),
        };
        (0..head_dim / 2).map(scaled).collect()
    }
}

fn at_least_one(value: f64) -> bool {
    value.is_finite() && value >= 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn llama3_keeps_short_wavelengths_and_stretches_long_ones() {
        // transformers' `_compute_llama3_parameters` for Llama 3.2 1B: theta 5e5, 64 features.
        let scaling = RopeScaling::Llama3 {
            factor: 32.0,
            low_freq_factor: 1.0,
            high_freq_factor: 4.0,
            original_max_position_embeddings: 8192.0,
        };
        let config = TrainConfig {
            hidden_size: 128,
            num_heads: 2,
            rope_theta: Some(5e5),
            rope_scaling: Some(scaling),
            ..TrainConfig::default()
        };
        let frequencies = config.rope_frequencies();
        let plain = |pair: i32| 5e5f64.powf(-f64::from(pair) / 32.0);
        assert_eq!(frequencies[0], 1.0);
        assert!((frequencies[31] / (plain(31) / 32.0) - 1.0).abs() < 1e-12);
        let between = frequencies[16] / plain(16);
        assert!(between > 1.0 / 32.0 && between < 1.0, "{between}");
    }

    #[test]
    fn a_scaling_that_makes_no_sense_is_named() {
        for scaling in [
            RopeScaling::Linear { factor: 0.5 },
            RopeScaling::Factors { factors: vec![1.0] },
            RopeScaling::Llama3 {
                factor: 8.0,
                low_freq_factor: 4.0,
                high_freq_factor: 1.0,
                original_max_position_embeddings: 8192.0,
            },
        ] {
            assert_eq!(scaling.validate(32).unwrap_err().key(), Some("rope_scaling"));
        }
    }
}
