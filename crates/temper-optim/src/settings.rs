//! What may be said of an optimizer, whichever it is.

/// The settings of all optimizers; `None` is the default of the one that is chosen.
///
/// [`OptimizerKind::keys`](crate::OptimizerKind::keys) says which of them an optimizer uses.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct OptimizerSettings {
    /// Share of a weight that a step takes away, per unit of learning rate: decoupled, in all
    /// optimizers.
    pub weight_decay: f64,
    /// Decay of the mean of gradients, in [0, 1).
    pub beta1: Option<f64>,
    /// Decay of the mean of squared gradients, in [0, 1); in Lion, of the mean that is kept.
    pub beta2: Option<f64>,
    /// Added to the denominator of Adam's update, outside the root.
    pub adam_eps: Option<f64>,
    /// Decay of the sum of gradients, in [0, 1).
    pub momentum: Option<f64>,
    /// Whether a step looks ahead along the momentum.
    pub nesterov: Option<bool>,
    /// Exponent, below 0, of the step in the weight of a new squared gradient.
    pub decay_rate: Option<f64>,
    /// Largest root mean square of an update before it is scaled, above 0.
    pub clip_threshold: Option<f64>,
}

impl OptimizerSettings {
    /// The names of the settings that are given, without `weight_decay`, which all optimizers use.
    pub fn given(&self) -> impl Iterator<Item = &'static str> {
        [
            ("beta1", self.beta1.is_some()),
            ("beta2", self.beta2.is_some()),
            ("adam_eps", self.adam_eps.is_some()),
            ("momentum", self.momentum.is_some()),
            ("nesterov", self.nesterov.is_some()),
            ("decay_rate", self.decay_rate.is_some()),
            ("clip_threshold", self.clip_threshold.is_some()),
        ]
        .into_iter()
        .filter_map(|(key, is_given)| is_given.then_some(key))
    }
}
