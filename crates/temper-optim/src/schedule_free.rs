//! `AdamW` whose average of weights takes the place of a schedule.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use burn::optim::{self, LearningRate, RecordState, StateSink, StateSource};
use burn::tensor::{Device, Tensor};

use crate::{AdamW, Algorithm, Groups, Optimizer, OptimizerSettings, WidthRule};

/// The settings of schedule-free `AdamW` (Defazio et al. 2024, algorithm 1), as in the authors'
/// package `schedulefree`.
///
/// There are three sequences of weights: steps lead from z to z, gradients are taken at y, and
/// x, the average of all z, is what is evaluated and kept. The trained module holds y, and
/// [`Optimizer::evaluation_module`] gives x. The learning rate stays constant after warmup.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScheduleFreeAdamW {
    /// Share of x in y = (1 - beta1) z + beta1 x, above 0 and below 1.
    pub beta1: f64,
    /// Decay of the mean of squared gradients, in [0, 1).
    pub beta2: f64,
    /// Added to the denominator of the update, outside the root.
    pub epsilon: f64,
    /// Share of y that a step takes away from z, per unit of learning rate.
    pub weight_decay: f64,
}

impl Default for ScheduleFreeAdamW {
    fn default() -> Self {
        let AdamW { beta1, beta2, epsilon, weight_decay } = AdamW::default();
        ScheduleFreeAdamW { beta1, beta2, epsilon, weight_decay }
    }
}

impl Algorithm for ScheduleFreeAdamW {
    const NAME: &'static str = "schedule_free_adamw";
    const KEYS: &'static [&'static str] = &["beta1", "beta2", "adam_eps"];
    const WIDTH_RULE: Option<WidthRule> = Some(WidthRule::Normalised);
    const NEEDS_CONSTANT_RATE: bool = true;

    fn from_settings(settings: &OptimizerSettings) -> ScheduleFreeAdamW {
        let AdamW { beta1, beta2, epsilon, weight_decay } = AdamW::from_settings(settings);
        ScheduleFreeAdamW { beta1, beta2, epsilon, weight_decay }
    }

    fn init(&self, groups: Groups) -> Optimizer {
        let evaluating = Arc::new(AtomicBool::new(false));
        let inner = groups.optimizer(self.weight_decay, |weight_decay| {
            let settings = ScheduleFreeAdamW { weight_decay, ..*self };
            Averaging { settings, evaluating: evaluating.clone() }
        });
        Optimizer::with_evaluation(inner, evaluating)
    }
}

/// The algorithm, and whether its steps are to give x instead of the next y.
#[derive(Clone)]
struct Averaging {
    settings: ScheduleFreeAdamW,
    evaluating: Arc<AtomicBool>,
}

/// What is known of a parameter; y is the parameter itself.
#[derive(Clone)]
struct AveragingState<const D: usize> {
    /// z: where the steps lead.
    base: Tensor<D>,
    /// v: the mean of squared gradients.
    square: Tensor<D>,
    /// Steps so far.
    time: u64,
    /// The highest learning rate so far.
    highest_rate: f64,
    /// The sum of the weights of all z in x.
    weight_sum: f64,
}

impl optim::Optimizer for Averaging {
    type State<const D: usize> = AveragingState<D>;

    fn step<const D: usize>(
        &self,
        learning_rate: LearningRate,
        weights: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<AveragingState<D>>,
    ) -> (Tensor<D>, Option<AveragingState<D>>) {
        if self.evaluating.load(Ordering::Relaxed) {
            return (self.average(weights, state.as_ref()), state);
        }
        let state = state.unwrap_or_else(|| AveragingState {
            base: weights.clone(),
            square: gradient.zeros_like(),
            time: 0,
            highest_rate: 0.0,
            weight_sum: 0.0,
        });
        let (weights, state) = self.settings.advance(learning_rate, weights, gradient, state);
        (weights, Some(state))
    }

    fn to_device<const D: usize>(state: AveragingState<D>, device: &Device) -> AveragingState<D> {
        let base = state.base.to_device(device);
        AveragingState { base, square: state.square.to_device(device), ..state }
    }
}

impl Averaging {
    /// x, from y = (1 - beta1) z + beta1 x.
    fn average<const D: usize>(
        &self,
        weights: Tensor<D>,
        state: Option<&AveragingState<D>>,
    ) -> Tensor<D> {
        let Some(state) = state else {
            return weights;
        };
        let towards_base = 1.0 - self.settings.beta1.recip();
        weights.clone() + (state.base.clone() - weights) * towards_base
    }
}

impl ScheduleFreeAdamW {
    /// Lines 5 to 11 of the algorithm, with y in place of x. As in the package, a z counts in x by
    /// the square of the highest learning rate so far, into which the bias correction does not
    /// enter.
    fn advance<const D: usize>(
        &self,
        learning_rate: LearningRate,
        weights: Tensor<D>,
        gradient: Tensor<D>,
        mut state: AveragingState<D>,
    ) -> (Tensor<D>, AveragingState<D>) {
        state.time += 1;
        state.highest_rate = state.highest_rate.max(learning_rate);
        let weight = state.highest_rate.powi(2);
        state.weight_sum += weight;
        let share = if state.weight_sum > 0.0 { weight / state.weight_sum } else { 0.0 };

        state.square = state.square * self.beta2 + gradient.clone().square() * (1.0 - self.beta2);
        let bias_correction = 1.0 - self.beta2.powf(state.time as f64);
        let denominator = (state.square.clone() / bias_correction).sqrt() + self.epsilon;
        let update = gradient / denominator + weights.clone() * self.weight_decay;

        let step = learning_rate * (self.beta1 * (1.0 - share) - 1.0);
        let towards_base = (state.base.clone() - weights.clone()) * share;
        let weights = weights + towards_base + update.clone() * step;
        state.base = state.base - update * learning_rate;
        (weights, state)
    }
}

impl<const D: usize> RecordState for AveragingState<D> {
    fn state_flatten(&self, prefix: &str, out: &mut StateSink) {
        out.push_tensor(prefix, "base", self.base.to_data());
        out.push_tensor(prefix, "square", self.square.to_data());
        out.push_scalar(prefix, "time", self.time.into());
        out.push_scalar(prefix, "highest_rate", self.highest_rate.into());
        out.push_scalar(prefix, "weight_sum", self.weight_sum.into());
    }

    fn state_unflatten(prefix: &str, source: &mut StateSource, device: &Device) -> Option<Self> {
        Some(AveragingState {
            base: Tensor::from_data(source.take_tensor(prefix, "base")?, device),
            square: Tensor::from_data(source.take_tensor(prefix, "square")?, device),
            time: source.take_scalar(prefix, "time")?.try_into().ok()?,
            highest_rate: source.take_scalar(prefix, "highest_rate")?.try_into().ok()?,
            weight_sum: source.take_scalar(prefix, "weight_sum")?.try_into().ok()?,
        })
    }
}
