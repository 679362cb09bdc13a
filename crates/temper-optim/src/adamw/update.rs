//! The update of one parameter.

use burn::optim::{self, AdamWState, AdaptiveMomentumState, LearningRate};
use burn::tensor::{DType, Device, Tensor, TensorData};
use rayon::prelude::*;

/// Numbers that a thread takes at once.
pub(crate) const BLOCK: usize = 16_384;

/// burn's `AdamW`, but that on the CPU, in 32 bits, weights and both means are updated in one pass.
#[derive(Clone)]
pub(crate) struct Update {
    /// What does it elsewhere.
    pub(super) chain: optim::AdamW,
    pub(super) beta1: f32,
    pub(super) beta2: f32,
    pub(super) epsilon: f32,
    pub(super) weight_decay: f64,
}

/// A step's numbers, the same for all weights.
struct Step {
    /// What is left of a weight.
    kept: f32,
    learning_rate: f32,
    /// What the means are divided by, since they began at 0.
    corrections: [f32; 2],
}

impl optim::Optimizer for Update {
    type State<const D: usize> = AdamWState<D>;

    fn step<const D: usize>(
        &self,
        learning_rate: LearningRate,
        weights: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<AdamWState<D>>,
    ) -> (Tensor<D>, Option<AdamWState<D>>) {
        let device = weights.device();
        if !is_on_cpu(&weights) {
            return self.chain.step(learning_rate, weights, gradient, state);
        }
        let shape = weights.shape();
        let (time, means) = match state {
            Some(AdamWState { momentum }) => {
                (momentum.time + 1, [momentum.moment_1, momentum.moment_2].map(numbers))
            }
            None => (1, [vec![0.0; shape.num_elements()], vec![0.0; shape.num_elements()]]),
        };
        let power = i32::try_from(time).unwrap_or(i32::MAX);
        let step = Step {
            kept: (1.0 - learning_rate * self.weight_decay) as f32,
            learning_rate: learning_rate as f32,
            corrections: [self.beta1, self.beta2].map(|beta| 1.0 - beta.powi(power)),
        };
        let (mut weights, [mut first, mut second]) = (numbers(weights), means);
        let blocks = weights.par_chunks_mut(BLOCK).zip(first.par_chunks_mut(BLOCK));
        let blocks = blocks.zip(second.par_chunks_mut(BLOCK));
        let gradient = numbers(gradient);
        blocks.zip(gradient.par_chunks(BLOCK)).for_each(
            |(((weights, first), second), gradient)| {
                self.update(&step, weights, [first, second], gradient);
            },
        );
        let tensor = |values| Tensor::from_data(TensorData::new(values, shape.clone()), &device);
        let momentum = AdaptiveMomentumState::new(time, tensor(first), tensor(second));
        (tensor(weights), Some(AdamWState { momentum }))
    }

    fn to_device<const D: usize>(state: AdamWState<D>, device: &Device) -> AdamWState<D> {
        <optim::AdamW as optim::Optimizer>::to_device(state, device)
    }
}

impl Update {
    /// Loshchilov & Hutter 2019, algorithm 2, lines 6 to 12.
    fn update(&self, step: &Step, weights: &mut [f32], means: [&mut [f32]; 2], gradient: &[f32]) {
        let [first, second] = means;
        let [correction1, correction2] = step.corrections;
        let means = first.iter_mut().zip(second);
        for ((weight, gradient), (first, second)) in weights.iter_mut().zip(gradient).zip(means) {
            *first = self.beta1 * *first + (1.0 - self.beta1) * gradient;
            *second = self.beta2 * *second + (1.0 - self.beta2) * gradient * gradient;
            let size = (*second / correction2).sqrt() + self.epsilon;
            *weight = step.kept * *weight - step.learning_rate * (*first / correction1 / size);
        }
    }
}

/// Whether its numbers are at hand, in 32 bits.
pub(crate) fn is_on_cpu<const D: usize>(tensor: &Tensor<D>) -> bool {
    tensor.dtype() == DType::F32 && tensor.device() == Device::flex()
}

/// The numbers of such a tensor; a copy of them where somebody else has it, too.
pub(crate) fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("its numbers are 32 bits wide")
}
