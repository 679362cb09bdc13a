//! What depends on the width of the model, and how.

use serde::{Deserialize, Serialize};
use temper_optim::RateFactors;

use crate::TrainConfig;

/// The width at which both parametrizations are equal where nothing says otherwise: that of the
/// default model.
const BASE_WIDTH: usize = 128;

/// How initial weights, learning rates and multipliers follow `hidden_size`.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "snake_case")]
pub enum Parametrization {
    /// Not at all: the best learning rate falls as the model becomes wider.
    #[default]
    Standard,
    /// By the maximal update parametrization (Yang et al. 2022, table 8): the best learning rate
    /// of a narrow model is that of a wide one.
    Mup,
}

impl Parametrization {
    /// Its name, as in TOML.
    pub const fn name(self) -> &'static str {
        match self {
            Parametrization::Standard => "standard",
            Parametrization::Mup => "mup",
        }
    }
}

impl TrainConfig {
    /// The width over the base width; 1 in the standard parametrization.
    pub fn width_multiplier(&self) -> f64 {
        match self.parametrization {
            Parametrization::Standard => 1.0,
            Parametrization::Mup => self.hidden_size as f64 / self.base_width() as f64,
        }
    }

    /// What a query's product with a key is multiplied by: 1/sqrt(`head_dim`), but under mup
    /// sqrt(base)/`head_dim`, which is the same where a head has its width of the base model.
    pub fn attention_scale(&self) -> f64 {
        let head_dim = self.head_dim() as f64;
        match self.parametrization {
            Parametrization::Standard => head_dim.sqrt().recip(),
            Parametrization::Mup => {
                let base_head_dim = self.base_width() as f64 / self.base_heads() as f64;
                base_head_dim.sqrt() / head_dim
            }
        }
    }

    /// The factors of the learning rate, by group of parameters.
    pub fn rate_factors(&self) -> RateFactors {
        let multiplier = self.width_multiplier();
        self.optimizer
            .width_rule()
            .map_or_else(RateFactors::default, |rule| rule.factors(multiplier))
    }

    /// What the multipliers of a model follow from, beside its shape.
    pub(crate) fn bases(&self) -> [(&'static str, String); 3] {
        let of_mup = |base: usize| match self.parametrization {
            Parametrization::Standard => "none".to_owned(),
            Parametrization::Mup => base.to_string(),
        };
        [
            ("parametrization", self.parametrization.name().to_owned()),
            ("mup_base_width", of_mup(self.base_width())),
            ("mup_base_num_heads", of_mup(self.base_heads())),
        ]
    }

    fn base_heads(&self) -> usize {
        self.mup_base_num_heads.unwrap_or(self.num_heads)
    }

    fn base_width(&self) -> usize {
        self.mup_base_width.unwrap_or(BASE_WIDTH)
    }
}
