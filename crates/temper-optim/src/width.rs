//! How learning rates follow the width of a model.

use burn::optim::{self, LearningRate};
use burn::tensor::{Device, Tensor};

/// Factors of the learning rate, by group of parameters; all are 1 by default.
///
/// They do not scale the decay of weights: what a step takes away stays learning rate times
/// `weight_decay` in every group, as in `MuAdamW` of the package `mup`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateFactors {
    /// Of hidden matrices: all parameters in none of the groups.
    pub hidden: f64,
    /// Of the output layer.
    pub output: f64,
    /// Of norms and biases.
    pub norms_and_biases: f64,
    /// Of embeddings, also where the output layer shares one.
    pub embeddings: f64,
}

impl Default for RateFactors {
    fn default() -> Self {
        RateFactors { hidden: 1.0, output: 1.0, norms_and_biases: 1.0, embeddings: 1.0 }
    }
}

/// The rule by which an optimizer's learning rates follow the width in the maximal update
/// parametrization (Yang et al. 2022, table 8, where the output is divided by the width).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WidthRule {
    /// Steps whose size does not depend on that of the gradient: column "Adam LR" of the table.
    Normalised,
    /// Steps in proportion to the gradient: column "SGD LR" of the table.
    Proportional,
    /// Hidden matrices move by orthogonal steps of a fixed root mean square, whose spectral norm so
    /// grows as the root of the width; it has to stay (Yang et al. 2023, "A Spectral Condition for
    /// Feature Learning", condition 1). All else moves by normalised steps.
    Orthogonal,
}

impl WidthRule {
    /// The factors at `multiplier` times the width at which all are 1.
    ///
    /// ```
    /// use temper_optim::WidthRule;
    ///
    /// assert_eq!(WidthRule::Normalised.factors(4.0).hidden, 0.25);
    /// assert_eq!(WidthRule::Orthogonal.factors(4.0).hidden, 0.5);
    /// ```
    pub fn factors(self, multiplier: f64) -> RateFactors {
        match self {
            WidthRule::Normalised => {
                RateFactors { hidden: multiplier.recip(), ..RateFactors::default() }
            }
            WidthRule::Proportional => RateFactors {
                hidden: 1.0,
                output: multiplier,
                norms_and_biases: multiplier,
                embeddings: multiplier,
            },
            WidthRule::Orthogonal => {
                RateFactors { hidden: multiplier.sqrt().recip(), ..RateFactors::default() }
            }
        }
    }
}

/// An optimizer at a learning rate times a factor.
#[derive(Clone)]
pub(crate) struct Scaled<O> {
    inner: O,
    factor: f64,
}

impl<O> Scaled<O> {
    /// What `build` makes of a weight decay, at this factor of the learning rate but not of the
    /// decay.
    pub(crate) fn new(factor: f64, weight_decay: f64, build: impl Fn(f64) -> O) -> Scaled<O> {
        Scaled { inner: build(weight_decay / factor), factor }
    }
}

impl<O: optim::Optimizer> optim::Optimizer for Scaled<O> {
    type State<const D: usize> = O::State<D>;

    fn step<const D: usize>(
        &self,
        learning_rate: LearningRate,
        weights: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<O::State<D>>,
    ) -> (Tensor<D>, Option<O::State<D>>) {
        self.inner.step(learning_rate * self.factor, weights, gradient, state)
    }

    fn to_device<const D: usize>(state: O::State<D>, device: &Device) -> O::State<D> {
        O::to_device(state, device)
    }
}
