//! Stochastic gradient descent with momentum.

use burn::optim::momentum::MomentumConfig;
use burn::optim::{self, LearningRate, SgdConfig, SgdState};
use burn::tensor::{Device, Tensor};

use crate::{Algorithm, Groups, Optimizer, OptimizerSettings, WidthRule};

/// The settings of stochastic gradient descent with momentum (Sutskever et al. 2013, eq. 1 to 4,
/// in the form of `torch.optim.SGD` without dampening: the momentum sums gradients, and the
/// learning rate scales the sum).
///
/// Weight decay is decoupled (Loshchilov & Hutter 2019, algorithm 1): a step takes away the
/// learning rate times `weight_decay`, as in all optimizers here. That of `torch.optim.SGD` is
/// coupled: added to the gradient, it goes through the momentum, by which the same number weighs
/// up to 1 / (1 - momentum) times as much. A study over optimizers can so share one
/// `weight_decay`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// Decay of the sum of gradients, in [0, 1); 0: the gradient alone.
    pub momentum: f64,
    /// Whether a step looks ahead along the momentum.
    pub nesterov: bool,
    /// Share of a weight that a step takes away, per unit of learning rate.
    pub weight_decay: f64,
}

impl Default for Sgd {
    fn default() -> Self {
        Sgd { momentum: 0.9, nesterov: false, weight_decay: 0.0 }
    }
}

impl Algorithm for Sgd {
    const NAME: &'static str = "sgd";
    const KEYS: &'static [&'static str] = &["momentum", "nesterov"];
    const WIDTH_RULE: Option<WidthRule> = Some(WidthRule::Proportional);

    fn from_settings(settings: &OptimizerSettings) -> Sgd {
        let default = Sgd::default();
        Sgd {
            momentum: settings.momentum.unwrap_or(default.momentum),
            nesterov: settings.nesterov.unwrap_or(default.nesterov),
            weight_decay: settings.weight_decay,
        }
    }

    fn init(&self, groups: Groups) -> Optimizer {
        groups.optimizer(self.weight_decay, |decay| self.build(decay)).into()
    }
}

impl Sgd {
    fn build(&self, weight_decay: f64) -> DecoupledSgd {
        let momentum = (self.momentum > 0.0).then_some(MomentumConfig {
            momentum: self.momentum,
            dampening: 0.0,
            nesterov: self.nesterov,
        });
        let descent = SgdConfig::new().with_momentum(momentum).build();
        DecoupledSgd { descent, weight_decay }
    }
}

/// burn's descent, whose own decay is coupled and stays off.
#[derive(Clone)]
struct DecoupledSgd {
    descent: optim::Sgd,
    weight_decay: f64,
}

impl optim::Optimizer for DecoupledSgd {
    type State<const D: usize> = SgdState<D>;

    fn step<const D: usize>(
        &self,
        learning_rate: LearningRate,
        weights: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<SgdState<D>>,
    ) -> (Tensor<D>, Option<SgdState<D>>) {
        let weights = weights * (1.0 - learning_rate * self.weight_decay);
        self.descent.step(learning_rate, weights, gradient, state)
    }

    fn to_device<const D: usize>(state: SgdState<D>, device: &Device) -> SgdState<D> {
        <optim::Sgd as optim::Optimizer>::to_device(state, device)
    }
}
