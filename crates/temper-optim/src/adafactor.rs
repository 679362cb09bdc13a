//! Second moments by rows and columns.

use burn::optim::AdafactorConfig;

use crate::{Algorithm, Groups, Optimizer, OptimizerSettings};

/// The settings of Adafactor (Shazeer & Stern 2018, algorithms 4 and 5), without momentum and with
/// decoupled weight decay, as in `torch.optim.Adafactor`.
///
/// A matrix of `n x d` keeps n + d second moments. A step is the learning rate, but at most
/// 1 / sqrt(step), times the root mean square of the parameter (at least 1e-3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adafactor {
    /// Exponent, below 0, of the step in the weight of a new squared gradient (section 7.2).
    pub decay_rate: f64,
    /// Largest root mean square of an update before it is scaled, above 0 (section 6).
    pub clip_threshold: f64,
    /// Share of a weight that a step takes away, per unit of learning rate.
    pub weight_decay: f64,
}

impl Default for Adafactor {
    fn default() -> Self {
        Adafactor { decay_rate: -0.8, clip_threshold: 1.0, weight_decay: 0.0 }
    }
}

impl Algorithm for Adafactor {
    const NAME: &'static str = "adafactor";
    const KEYS: &'static [&'static str] = &["decay_rate", "clip_threshold"];

    fn from_settings(settings: &OptimizerSettings) -> Adafactor {
        let default = Adafactor::default();
        Adafactor {
            decay_rate: settings.decay_rate.unwrap_or(default.decay_rate),
            clip_threshold: settings.clip_threshold.unwrap_or(default.clip_threshold),
            weight_decay: settings.weight_decay,
        }
    }

    fn init(&self, groups: Groups) -> Optimizer {
        groups.optimizer(self.weight_decay, |decay| self.build(decay)).into()
    }
}

impl Adafactor {
    fn build(&self, weight_decay: f64) -> burn::optim::Adafactor {
        AdafactorConfig::new()
            .with_decay_rate(self.decay_rate)
            .with_clip_threshold(self.clip_threshold as f32)
            .with_weight_decay(weight_decay as f32)
            .build()
    }
}
