//! What an optimizer says of itself.

use crate::{Groups, Optimizer, OptimizerSettings, WidthRule};

/// One way to turn gradients into steps: the settings of one optimizer.
pub trait Algorithm: Sized {
    /// Its name where a person chooses it.
    const NAME: &'static str;

    /// The settings it uses beside `weight_decay`, by their names in [`OptimizerSettings`].
    const KEYS: &'static [&'static str];

    /// Whether the learning rate has to stay where it is after warmup.
    const NEEDS_CONSTANT_RATE: bool = false;

    /// How its learning rates follow the width of a model; `None` where no rule is known.
    const WIDTH_RULE: Option<WidthRule> = None;

    /// Its settings, with its defaults where none are given.
    fn from_settings(settings: &OptimizerSettings) -> Self;

    /// The optimizer of a module whose parameters are in these groups.
    fn init(&self, groups: Groups) -> Optimizer;
}
