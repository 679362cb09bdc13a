//! Adam with decoupled weight decay.

use burn::module::ParamGroup;
use burn::optim::ModuleOptimizer;

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

impl AdamW {
    /// The optimizer of a module; the parameters in `undecayed` keep their size.
    ///
    /// ```
    /// use burn::module::ParamGroup;
    /// use temper_optim::AdamW;
    ///
    /// let norms = ParamGroup::from_predicate("norm");
    /// let optimizer = AdamW::default().init(norms);
    /// ```
    pub fn init(&self, undecayed: ParamGroup) -> ModuleOptimizer {
        ModuleOptimizer::from(self.build(self.weight_decay)).with_group(
            undecayed,
            self.build(0.0),
            None,
        )
    }

    fn build(&self, weight_decay: f64) -> burn::optim::AdamW {
        burn::optim::AdamWConfig::new()
            .with_beta_1(self.beta1 as f32)
            .with_beta_2(self.beta2 as f32)
            .with_epsilon(self.epsilon as f32)
            .with_weight_decay(weight_decay as f32)
            .build()
    }
}

#[cfg(test)]
mod tests {
    use burn::module::{Module, Param};
    use burn::optim::GradientsParams;
    use burn::tensor::{Device, Tensor};

    use super::*;

    #[derive(Module, Debug)]
    struct Two {
        weight: Param<Tensor<1>>,
        norm: Param<Tensor<1>>,
    }

    fn two() -> Two {
        let device = Device::flex().autodiff();
        Two {
            weight: Param::from_data([1.0, -2.0], &device),
            norm: Param::from_data([1.0, -2.0], &device),
        }
    }

    /// Two steps with the gradients (0.5, -1) and (0.25, 3), learning rate 0.1.
    fn trained(optimizer: AdamW) -> Two {
        let mut module = two();
        let mut optimizer = optimizer.init(ParamGroup::from_predicate("norm"));
        let device = Device::flex();
        for gradient in [[0.5, -1.0], [0.25, 3.0]] {
            let mut gradients = GradientsParams::new();
            gradients.register(module.weight.id, Tensor::<1>::from_data(gradient, &device));
            gradients.register(module.norm.id, Tensor::<1>::from_data(gradient, &device));
            module = optimizer.step(0.1, module, gradients);
        }
        module
    }

    /// Loshchilov & Hutter 2019, algorithm 2, lines 5 to 12, in 64 bits.
    fn reference(optimizer: AdamW, mut weight: f64, gradients: [f64; 2]) -> f64 {
        let (mut mean, mut square) = (0.0, 0.0);
        for (step, gradient) in gradients.into_iter().enumerate() {
            mean = optimizer.beta1 * mean + (1.0 - optimizer.beta1) * gradient;
            square = optimizer.beta2 * square + (1.0 - optimizer.beta2) * gradient * gradient;
            let mean_hat = mean / (1.0 - optimizer.beta1.powi(step as i32 + 1));
            let square_hat = square / (1.0 - optimizer.beta2.powi(step as i32 + 1));
            let update = mean_hat / (square_hat.sqrt() + optimizer.epsilon);
            weight -= 0.1 * (update + optimizer.weight_decay * weight);
        }
        weight
    }

    fn assert_close(weights: &Param<Tensor<1>>, expected: [f64; 2]) {
        let weights = weights.val().into_data().try_to_vec::<f32>().unwrap();
        for (weight, expected) in weights.into_iter().zip(expected) {
            assert!((f64::from(weight) - expected).abs() < 1e-5, "{weight} is not {expected}");
        }
    }

    #[test]
    fn two_steps_follow_the_paper_and_norms_are_not_decayed() {
        let optimizer = AdamW { weight_decay: 0.5, ..AdamW::default() };
        let module = trained(optimizer);
        let expected = |optimizer| {
            [reference(optimizer, 1.0, [0.5, 0.25]), reference(optimizer, -2.0, [-1.0, 3.0])]
        };
        assert_close(&module.weight, expected(optimizer));
        assert_close(&module.norm, expected(AdamW { weight_decay: 0.0, ..optimizer }));
    }
}
