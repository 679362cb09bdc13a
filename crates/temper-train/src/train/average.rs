//! An exponential moving average of the weights.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

use crate::model::Model;

/// The average of the weights after each step so far, those of a step before counting `decay`
/// times as much as those of the next (Polyak & Juditsky 1992; in this form Tarvainen & Valpola
/// 2017, eq. 1).
///
/// The initial weights are not in it: as Adam's means are (Kingma & Ba 2015, section 3), it is
/// divided by the sum of what counts, 1 - decay^t, so that it can be evaluated from the first step
/// on.
pub(super) struct Average {
    decay: f64,
    model: Model,
    /// Steps that are in it.
    steps: u64,
}

impl Average {
    /// An average of nothing yet, in a model of the same parameters as `model`.
    pub(super) fn new(decay: f64, model: &Model) -> Average {
        Average { decay, model: model.valid(), steps: 0 }
    }

    /// One of `steps` steps that was saved.
    pub(super) fn resume(decay: f64, model: &Model, steps: u64) -> Average {
        Average { decay, model: model.valid(), steps }
    }

    /// Takes in the weights after a step.
    pub(super) fn add(&mut self, model: &Model) {
        self.steps += 1;
        let total = 1.0 - self.decay.powf(self.steps as f64);
        let mut weights = Weights(GradientsParams::new());
        model.visit(&mut weights);
        let mut towards = Towards { weights: weights.0, share: (1.0 - self.decay) / total };
        self.model = self.model.clone().map(&mut towards);
    }

    /// The weights to evaluate, without gradients.
    pub(super) fn model(&self) -> &Model {
        &self.model
    }

    pub(super) fn steps(&self) -> u64 {
        self.steps
    }
}

/// Trained weights by parameter, in burn's only map of tensors of several ranks.
struct Weights(GradientsParams);

impl ModuleVisitor for Weights {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.is_require_grad() {
            self.0.register(param.id, param.val().inner());
        }
    }
}

/// Moves every parameter towards these weights by a share of the way.
struct Towards {
    weights: GradientsParams,
    share: f64,
}

impl ModuleMapper for Towards {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, average, mapper) = param.consume();
        let moved = match self.weights.remove::<D>(id) {
            // Exactly the weights where the share is 1.
            Some(weights) => average * (1.0 - self.share) + weights * self.share,
            // It stays.
            None => average,
        };
        Param::from_mapped_value(id, moved, mapper)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::TrainConfig;

    struct Fill(f64);

    impl ModuleMapper for Fill {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let (id, tensor, mapper) = param.consume();
            let filled = (tensor.zeros_like() + self.0).detach().require_grad();
            Param::from_mapped_value(id, filled, mapper)
        }
    }

    struct All(Vec<f32>);

    impl ModuleVisitor for All {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.extend(param.val().into_data().try_to_vec::<f32>().unwrap());
        }
    }

    #[test]
    fn it_is_the_weighted_mean_of_the_weights_after_each_step() {
        let config = TrainConfig { hidden_size: 8, num_layers: 1, ..TrainConfig::default() };
        let model = Model::new(&config, &Device::flex().autodiff());
        let mut average = Average::new(0.5, &model);
        for (value, expected) in [(1.0, 1.0), (4.0, 3.0), (7.0, (1.0 + 8.0 + 28.0) / 7.0)] {
            average.add(&model.clone().map(&mut Fill(value)));
            let mut all = All(Vec::new());
            average.model().visit(&mut all);
            assert_eq!(all.0.len() as u64, config.num_parameters());
            assert!(all.0.iter().all(|weight| (f64::from(*weight) - expected).abs() < 1e-6));
        }
    }
}
