//! What of a model is trained, and what of it stays.

use burn::module::{Module, ModuleVisitor, Param, ParamGroup, ParamId};
use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;

use super::{Adapter, Model, Projection};
use crate::rng::{Draw, stream};
use crate::{FinetuningType, TrainConfig};

/// What becomes of a projection at such a path: `layers.0.self_attn.q_proj`.
pub(crate) type ChangeProjection<'a> = dyn FnMut(&str, Projection) -> Projection + 'a;

impl Model {
    /// The model in which only what `config` says is trained. The A of adapters are drawn from the
    /// seed, as in PEFT uniformly within 1/sqrt(inputs) of 0.
    pub(crate) fn fine_tuned(self, config: &TrainConfig, device: &Device) -> Model {
        match config.finetuning_type {
            FinetuningType::Full => self,
            FinetuningType::LastLayers => self.with_last_layers(config.trained_layers()),
            FinetuningType::Lora => self.no_grad().with_adapters(config, device),
        }
    }

    fn with_last_layers(self, count: usize) -> Model {
        let mut model = self.no_grad();
        let last = model.layers.split_off(model.layers.len() - count);
        model.layers.extend(last.into_iter().map(|layer| layer.set_require_grad(true)));
        Model {
            norm: model.norm.set_require_grad(true),
            lm_head: model.lm_head.map(|layer| layer.set_require_grad(true)),
            ..model
        }
    }

    fn with_adapters(self, config: &TrainConfig, device: &Device) -> Model {
        let mut rng = stream(config.seed, Draw::Adapters);
        let targets = config.lora_targets();
        let first = self.layers.len() - config.trained_layers();
        self.map_projections(first, &mut |path, projection| {
            if !targets.iter().any(|target| path.ends_with(target)) {
                return projection;
            }
            let [inputs, _] = projection.dims();
            let shape = [inputs, config.lora_rank()];
            let bound = (inputs as f64).sqrt().recip();
            let draw = |_| (rng.random_range(-1.0..1.0) * bound) as f32;
            let values: Vec<f32> = (0..shape[0] * shape[1]).map(draw).collect();
            let a = Tensor::from_data(TensorData::new(values, shape), device);
            let adapter = Adapter::new(a, &projection, config.lora_scale());
            let adapter = match config.use_dora {
                true => adapter.decomposed(projection.weight.val()),
                false => adapter,
            };
            projection.with_adapter(adapter)
        })
    }

    /// The model without adapters that computes what this one does.
    pub(crate) fn merged(self) -> Model {
        self.map_projections(0, &mut |_, projection| projection.merged())
    }

    /// The model with other projections from the layer with the number `first` on.
    pub(crate) fn map_projections(
        mut self,
        first: usize,
        change: &mut ChangeProjection<'_>,
    ) -> Model {
        for (number, layer) in self.layers.split_off(first).into_iter().enumerate() {
            let number = first + number;
            let changed = layer.map_projections(&mut |name, projection| {
                change(&format!("layers.{number}.{name}"), projection)
            });
            self.layers.push(changed);
        }
        self
    }

    /// The parameters that are trained.
    pub(crate) fn trained(&self) -> Trained {
        let mut trained = Trained::default();
        self.visit(&mut trained);
        trained
    }
}

/// The trained parameters of a model.
#[derive(Default)]
pub(crate) struct Trained {
    ids: Vec<ParamId>,
}

impl Trained {
    /// How many tensors they are.
    pub(crate) fn count(&self) -> usize {
        self.ids.len()
    }

    /// The group that they are.
    pub(crate) fn group(self) -> ParamGroup {
        ParamGroup::from_ids(self.ids)
    }
}

impl ModuleVisitor for Trained {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.is_require_grad() {
            self.ids.push(param.id);
        }
    }
}
