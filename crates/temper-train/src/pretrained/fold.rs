//! A model's multipliers as weights, for programs that know none.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::Tensor;

use crate::TrainConfig;
use crate::model::Model;

/// The weights with which a model that multiplies the products of queries and keys by
/// 1/sqrt(`head_dim`) and its features by 1 computes what `model` does.
///
/// Both multipliers stand beside a product with weights: that of the attention is moved into the
/// queries', whose turns by positions are linear, and that of the width into the last norm's.
/// In 32 bits this changes the last digit where the factor is no power of two.
pub(super) fn without_multipliers(model: Model, config: &TrainConfig) -> Model {
    let queries = config.attention_scale() * (config.head_dim() as f64).sqrt();
    let features = config.width_multiplier().recip();
    // Equal up to rounding: then the weights stay as they are.
    let is_one = |factor: f64| (factor - 1.0).abs() < 1e-12;
    if is_one(queries) && is_one(features) {
        return model;
    }
    model.map(&mut Multiply { queries, features, path: Vec::new() })
}

struct Multiply {
    queries: f64,
    features: f64,
    path: Vec<String>,
}

impl ModuleMapper for Multiply {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let factor = if self.path.iter().any(|name| name == "q_proj") {
            self.queries
        } else if self.path.first().is_some_and(|name| name == "norm") {
            self.features
        } else {
            return param;
        };
        let (id, weights, mapper) = param.consume();
        Param::from_mapped_value(id, weights * factor, mapper)
    }
}
