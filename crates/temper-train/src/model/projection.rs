//! A linear layer of a block, with or without an adapter.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use super::{Adapter, Dropout};
use crate::fused::linear;

/// `input x weight + bias`, and what an adapter changes of it.
#[derive(Module, Debug)]
pub(crate) struct Projection {
    /// `inputs x outputs`.
    pub(super) weight: Param<Tensor<2>>,
    /// `outputs`.
    pub(super) bias: Option<Param<Tensor<1>>>,
    lora: Option<Adapter>,
}

impl Projection {
    pub(super) fn new(weight: Param<Tensor<2>>, bias: Option<Param<Tensor<1>>>) -> Projection {
        Projection { weight, bias, lora: None }
    }

    /// Features that come in and go out.
    pub(crate) fn dims(&self) -> [usize; 2] {
        self.weight.dims()
    }

    /// From `batch x seq x inputs` to `batch x seq x outputs`.
    pub(super) fn forward(&self, input: Tensor<3>, dropout: &mut Dropout) -> Tensor<3> {
        match &self.lora {
            None => self.unadapted(input),
            Some(adapter) => adapter.forward(self, input, dropout),
        }
    }

    /// The layer without its adapter.
    pub(super) fn unadapted(&self, input: Tensor<3>) -> Tensor<3> {
        linear(input, self.weight.val(), self.bias.as_ref().map(Param::val))
    }

    /// The same layer with an adapter.
    pub(crate) fn with_adapter(self, adapter: Adapter) -> Projection {
        Projection { lora: Some(adapter), ..self }
    }

    /// The layer without an adapter that computes what this one does.
    pub(super) fn merged(self) -> Projection {
        let Some(adapter) = &self.lora else {
            return self;
        };
        let weight = Param::initialized(self.weight.id, adapter.merged(self.weight.val()));
        Projection { weight, bias: self.bias, lora: None }
    }
}
