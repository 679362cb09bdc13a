//! The architectures by name.

use serde::{Deserialize, Serialize};

use crate::TrainConfig;
use crate::model::{ActivationKind, NormKind, PositionKind};

/// A kind of decoder-only transformer.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// As Llama (Touvron et al. 2023): norms by root mean square, rotary positions, gated MLPs, no
    /// biases.
    #[default]
    Llama,
    /// As GPT-2 (Radford et al. 2019): norms by mean and variance, learned positions, plain MLPs
    /// with GELU, biases.
    Gpt2,
}

/// What an architecture consists of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts {
    pub norm: NormKind,
    pub activation: ActivationKind,
    pub positions: PositionKind,
    /// Whether linear layers have biases.
    pub has_biases: bool,
}

impl Architecture {
    /// All architectures.
    pub const ALL: [Architecture; 2] = [Architecture::Llama, Architecture::Gpt2];

    /// Its name, as in TOML.
    pub const fn name(self) -> &'static str {
        match self {
            Architecture::Llama => "llama",
            Architecture::Gpt2 => "gpt2",
        }
    }

    /// What it consists of.
    pub(crate) const fn parts(self) -> Parts {
        match self {
            Architecture::Llama => Parts {
                norm: NormKind::RootMeanSquare,
                activation: ActivationKind::GatedSilu,
                positions: PositionKind::Rotary,
                has_biases: false,
            },
            Architecture::Gpt2 => Parts {
                norm: NormKind::MeanAndVariance,
                activation: ActivationKind::Gelu,
                positions: PositionKind::Learned,
                has_biases: true,
            },
        }
    }
}

impl TrainConfig {
    /// Added to the mean square or variance in the norms of the architecture.
    pub fn norm_eps(&self) -> f64 {
        let given = match self.architecture.parts().norm {
            NormKind::RootMeanSquare => self.rms_norm_eps,
            NormKind::MeanAndVariance => self.layer_norm_eps,
        };
        given.unwrap_or(1e-5)
    }

    /// Base of the rotary position encoding's wavelengths.
    pub fn rope_base(&self) -> f64 {
        self.rope_theta.unwrap_or(10_000.0)
    }

    /// The settings that belong to some architectures only and are given, each with whether this
    /// one has it.
    pub(super) fn architecture_settings(&self) -> impl Iterator<Item = (&'static str, bool)> {
        let parts = self.architecture.parts();
        let is_rotary = parts.positions == PositionKind::Rotary;
        [
            ("rope_theta", self.rope_theta.is_some(), is_rotary),
            ("rope_scaling", self.rope_scaling.is_some(), is_rotary),
            ("rms_norm_eps", self.rms_norm_eps.is_some(), parts.norm == NormKind::RootMeanSquare),
            (
                "layer_norm_eps",
                self.layer_norm_eps.is_some(),
                parts.norm == NormKind::MeanAndVariance,
            ),
        ]
        .into_iter()
        .filter_map(|(key, is_given, is_used)| is_given.then_some((key, is_used)))
    }
}
