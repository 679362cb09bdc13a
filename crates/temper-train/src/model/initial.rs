//! The weights a model starts from.

use std::f64::consts::TAU;

use burn::module::{Param, ParamId};
use burn::nn::{Embedding, Linear};
use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Norm, Projection};
use crate::TrainConfig;
use crate::rng::{Draw, stream};

/// Standard deviation of the initial weights (Radford et al. 2018, section 4.1).
const STANDARD_DEVIATION: f64 = 0.02;

/// Draws initial weights, one matrix after the other.
///
/// The numbers come from a generator of our own: burn's belongs to the whole process, so that
/// models built at the same time would disturb each other.
pub(super) struct InitialWeights<'a> {
    config: &'a TrainConfig,
    device: &'a Device,
    rng: ChaCha8Rng,
}

impl<'a> InitialWeights<'a> {
    pub(super) fn new(config: &'a TrainConfig, device: &'a Device) -> Self {
        InitialWeights { config, device, rng: stream(config.seed, Draw::Weights) }
    }

    pub(super) fn embedding(&mut self, rows: usize, width: usize) -> Embedding {
        Embedding { weight: self.normal([rows, width], STANDARD_DEVIATION) }
    }

    /// A linear layer from `inputs` to `outputs` features; biases, if there are any, are 0.
    pub(super) fn linear(&mut self, inputs: usize, outputs: usize) -> Projection {
        self.layer(inputs, outputs, self.hidden_deviation())
    }

    /// A linear layer that writes to the residual stream. Each layer writes twice; the scale
    /// 1/sqrt(2 layers) keeps the stream's variance from growing with depth (Radford et al. 2019,
    /// section 2.3). That is all that follows depth, under mup too, which is about width alone: it
    /// is then equal to the standard parametrization at the base width, however deep.
    pub(super) fn residual_linear(&mut self, inputs: usize, outputs: usize) -> Projection {
        let writes = 2.0 * self.config.num_layers as f64;
        self.layer(inputs, outputs, self.hidden_deviation() / writes.sqrt())
    }

    /// The output layer, which has no biases in any architecture.
    pub(super) fn output(&mut self, inputs: usize, outputs: usize) -> Linear {
        Linear { weight: self.normal([inputs, outputs], STANDARD_DEVIATION), bias: None }
    }

    /// A norm over the residual stream.
    pub(super) fn norm(&self) -> Norm {
        let config = self.config;
        let kind = config.architecture.parts().norm;
        Norm::new(kind, config.hidden_size, config.norm_eps(), config.precision, self.device)
    }

    pub(super) fn device(&self) -> &Device {
        self.device
    }

    /// Of a hidden matrix, whose variance is divided by the width multiplier (Yang et al. 2022,
    /// table 8); that of embeddings and of the output layer stays.
    fn hidden_deviation(&self) -> f64 {
        STANDARD_DEVIATION / self.config.width_multiplier().sqrt()
    }

    fn layer(&mut self, inputs: usize, outputs: usize, deviation: f64) -> Projection {
        let has_bias = self.config.architecture.parts().has_biases;
        let bias = || Param::from_tensor(Tensor::zeros([outputs], self.device));
        let bias = has_bias.then(bias);
        Projection::new(self.normal([inputs, outputs], deviation), bias)
    }

    fn normal(&mut self, shape: [usize; 2], deviation: f64) -> Param<Tensor<2>> {
        if self.config.base_model.is_some() {
            // They come from a file: nothing is drawn, and nothing is allocated until then.
            let zeros = move |device: &Device, is_trained| {
                Tensor::zeros(shape, device).set_require_grad(is_trained)
            };
            return Param::uninitialized(
                ParamId::new(),
                zeros,
                self.device.clone(),
                true,
                shape.into(),
            );
        }
        let values: Vec<f32> = (0..shape[0] * shape[1])
            .map(|_| (deviation * standard_normal(&mut self.rng)) as f32)
            .collect();
        Param::from_data(TensorData::new(values, shape), self.device)
    }
}

/// Box & Muller 1958, the cosine half; 1 - u keeps the logarithm's argument above 0.
fn standard_normal(rng: &mut ChaCha8Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (TAU * rng.random::<f64>()).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_have_the_stated_mean_and_deviation() {
        let config = TrainConfig { num_layers: 8, ..TrainConfig::default() };
        let device = Device::flex();
        let mut weights = InitialWeights::new(&config, &device);
        for (layer, expected) in
            [(weights.linear(100, 400), 0.02), (weights.residual_linear(100, 400), 0.005)]
        {
            let values = layer.weight.val().into_data().try_to_vec::<f32>().unwrap();
            let count = values.len() as f64;
            let mean = values.iter().map(|value| f64::from(*value)).sum::<f64>() / count;
            let square = values.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>() / count;
            // 40,000 draws: standard errors of 0.5 % for the mean, 0.35 % for the deviation.
            assert!(mean.abs() < 0.02 * expected, "mean {mean}");
            assert!((square.sqrt() / expected - 1.0).abs() < 0.015, "deviation {}", square.sqrt());
        }
    }
}
