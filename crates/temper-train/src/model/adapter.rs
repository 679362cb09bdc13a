//! Low-rank adapters of linear layers.
//!
//! | symbol | shape | meaning |
//! |---|---|---|
//! | W | inputs x outputs | the weights that are adapted, which stay |
//! | A | inputs x rank | from the layer's input to what passes through the adapter |
//! | B | rank x outputs | from there to the layer's output; 0 at first |
//! | s | | alpha / rank (Hu et al. 2021, section 4.1), or alpha / sqrt(rank) (Kalajdzievski 2023) |
//! | m | outputs | lengths of the adapted weights' columns (Liu et al. 2024, eq. 5) |

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use super::{Dropout, Projection};
use crate::fused::linear;

/// What is trained of a linear layer whose weights stay: the layer computes x(W + s A B) (Hu et al.
/// 2021, eq. 3), or, where the lengths m are trained too, x(W + s A B) with its columns brought to
/// these lengths (Liu et al. 2024, eq. 5).
#[derive(Module, Debug)]
pub(crate) struct Adapter {
    a: Param<Tensor<2>>,
    b: Param<Tensor<2>>,
    magnitude: Option<Param<Tensor<1>>>,
    scale: f64,
}

impl Adapter {
    /// An adapter with this A that changes nothing yet of a layer.
    pub(super) fn new(a: Tensor<2>, layer: &Projection, scale: f64) -> Adapter {
        let ([_, rank], [_, outputs]) = (a.dims(), layer.dims());
        let b = Tensor::zeros([rank, outputs], &a.device());
        Adapter::of(a, b, None, scale)
    }

    /// The adapter of these matrices: A, B and, if it has one, m.
    pub(crate) fn of(
        a: Tensor<2>,
        b: Tensor<2>,
        magnitude: Option<Tensor<1>>,
        scale: f64,
    ) -> Adapter {
        Adapter {
            a: Param::from_tensor(a),
            b: Param::from_tensor(b),
            magnitude: magnitude.map(Param::from_tensor),
            scale,
        }
    }

    /// The same where lengths are trained too: those that a layer of `weight` has at first.
    pub(super) fn decomposed(self, weight: Tensor<2>) -> Adapter {
        let lengths = lengths(weight.detach());
        Adapter { magnitude: Some(Param::from_tensor(lengths)), ..self }
    }

    /// What `layer` computes of `batch x seq x inputs`. Dropout is on what enters the adapter.
    pub(super) fn forward(
        &self,
        layer: &Projection,
        input: Tensor<3>,
        dropout: &mut Dropout,
    ) -> Tensor<3> {
        let dropped = dropout.adapter(input.clone());
        let inner = linear(dropped.clone(), self.a.val(), None) * self.scale; // [batch, seq, rank]
        let change = linear(inner, self.b.val(), None); // [batch, seq, outputs]
        let whole = layer.unadapted(input);
        let Some(magnitude) = &self.magnitude else {
            return whole + change;
        };
        // No gradient follows the lengths (Liu et al. 2024, section 4.3).
        let adapted = self.added(layer.weight.val().detach()).detach();
        let share: Tensor<3> = (magnitude.val() / lengths(adapted)).unsqueeze(); // [1, 1, outputs]
        let base = match (dropout.is_on_adapters(), &layer.bias) {
            (true, _) => linear(dropped, layer.weight.val(), None),
            (false, None) => whole.clone(),
            (false, Some(bias)) => whole.clone() - bias.val().unsqueeze(),
        }; // [batch, seq, outputs]
        whole + base * (share.clone() - 1.0) + change * share
    }

    /// The weights that do what `weight` (W) and the adapter do together.
    pub(super) fn merged(&self, weight: Tensor<2>) -> Tensor<2> {
        let adapted = self.added(weight);
        match &self.magnitude {
            None => adapted,
            Some(magnitude) => {
                let share = magnitude.val() / lengths(adapted.clone());
                adapted * share.unsqueeze()
            }
        }
    }

    /// W + s A B.
    fn added(&self, weight: Tensor<2>) -> Tensor<2> {
        weight + self.a.val().matmul(self.b.val()) * self.scale
    }
}

/// The Euclidean lengths of the columns: from `inputs x outputs` to `outputs`.
fn lengths(weight: Tensor<2>) -> Tensor<1> {
    weight.square().sum_dim(0).sqrt().squeeze_dim(0)
}
