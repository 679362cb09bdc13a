//! Adam with decoupled weight decay.

mod update;

pub(crate) use update::{BLOCK, Update, is_on_cpu, numbers};

use crate::{Algorithm, Groups, Optimizer, OptimizerSettings, WidthRule};

/// The settings of Adam with decoupled weight decay (Loshchilov & Hutter 2019, algorithm 2).
///
/// As in `torch.optim.AdamW`, the decay of a step is the learning rate times `weight_decay`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// Decay of the mean of gradients, in [0, 1).
    pub beta1: f64,
    /// Decay of the mean of squared gradients, in [0, 1).
    pub beta2: f64,
    /// Added to the denominator of the update, outside the root.
    pub epsilon: f64,
    /// Share of a weight that a step takes away, per unit of learning rate.
    pub weight_decay: f64,
}

impl Default for AdamW {
    fn default() -> Self {
        AdamW { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weight_decay: 0.1 }
    }
}

impl Algorithm for AdamW {
    const NAME: &'static str = "adamw";
    const KEYS: &'static [&'static str] = &["beta1", "beta2", "adam_eps"];
    const WIDTH_RULE: Option<WidthRule> = Some(WidthRule::Normalised);

    fn from_settings(settings: &OptimizerSettings) -> AdamW {
        let default = AdamW::default();
        AdamW {
            beta1: settings.beta1.unwrap_or(default.beta1),
            beta2: settings.beta2.unwrap_or(default.beta2),
            epsilon: settings.adam_eps.unwrap_or(default.epsilon),
            weight_decay: settings.weight_decay,
        }
    }

    fn init(&self, groups: Groups) -> Optimizer {
        groups.optimizer(self.weight_decay, |decay| self.build(decay)).into()
    }
}

impl AdamW {
    pub(crate) fn build(&self, weight_decay: f64) -> Update {
        let chain = burn::optim::AdamWConfig::new()
            .with_beta_1(self.beta1 as f32)
            .with_beta_2(self.beta2 as f32)
            .with_epsilon(self.epsilon as f32)
            .with_weight_decay(weight_decay as f32)
            .build();
        Update {
            chain,
            beta1: self.beta1 as f32,
            beta2: self.beta2 as f32,
            epsilon: self.epsilon as f32,
            weight_decay,
        }
    }
}
