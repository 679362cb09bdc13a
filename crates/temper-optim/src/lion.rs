//! The sign of a mean of gradients.

use burn::optim::LionConfig;

use crate::{Algorithm, Groups, Optimizer, OptimizerSettings, WidthRule};

/// The settings of Lion (Chen et al. 2023, algorithm 2): every weight moves by the learning rate,
/// in the direction of the sign of a mean of gradients.
///
/// Since all steps are of full length, its learning rate is 3 to 10 times smaller than `AdamW`'s,
/// and its weight decay larger by the same factor (section 5 there).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lion {
    /// Share of the kept mean in the one whose sign is taken, in [0, 1).
    pub beta1: f64,
    /// Decay of the kept mean, in [0, 1).
    pub beta2: f64,
    /// Share of a weight that a step takes away, per unit of learning rate.
    pub weight_decay: f64,
}

impl Default for Lion {
    fn default() -> Self {
        Lion { beta1: 0.9, beta2: 0.99, weight_decay: 0.1 }
    }
}

impl Algorithm for Lion {
    const NAME: &'static str = "lion";
    const KEYS: &'static [&'static str] = &["beta1", "beta2"];
    const WIDTH_RULE: Option<WidthRule> = Some(WidthRule::Normalised);

    fn from_settings(settings: &OptimizerSettings) -> Lion {
        let default = Lion::default();
        Lion {
            beta1: settings.beta1.unwrap_or(default.beta1),
            beta2: settings.beta2.unwrap_or(default.beta2),
            weight_decay: settings.weight_decay,
        }
    }

    fn init(&self, groups: Groups) -> Optimizer {
        groups.optimizer(self.weight_decay, |decay| self.build(decay)).into()
    }
}

impl Lion {
    fn build(&self, weight_decay: f64) -> burn::optim::Lion {
        LionConfig::new()
            .with_beta_1(self.beta1 as f32)
            .with_beta_2(self.beta2 as f32)
            .with_weight_decay(weight_decay as f32)
            .build()
    }
}
