//! The norms of the residual stream: a scale for each feature, and what comes before it.

mod mean_and_variance;
mod root_mean_square;

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use super::cast;
use crate::Precision;

/// What a norm divides by, one file each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NormKind {
    RootMeanSquare,
    MeanAndVariance,
}

/// What a kind of norm says of itself.
pub(crate) struct Entry {
    /// Whether it adds a learned shift to each feature.
    pub has_shift: bool,
    apply: fn(Tensor<3>, Tensor<1>, Option<Tensor<1>>, f64) -> Tensor<3>,
}

impl NormKind {
    pub(crate) const fn entry(self) -> Entry {
        match self {
            NormKind::RootMeanSquare => root_mean_square::ENTRY,
            NormKind::MeanAndVariance => mean_and_variance::ENTRY,
        }
    }
}

/// A norm over the residual stream.
#[derive(Module, Debug)]
pub(super) struct Norm {
    /// The scale: `hidden`.
    pub gamma: Param<Tensor<1>>,
    /// The shift: `hidden`.
    pub beta: Option<Param<Tensor<1>>>,
    epsilon: f64,
    #[module(skip)]
    kind: NormKind,
    /// What the products of matrices that follow are computed in.
    #[module(skip)]
    precision: Precision,
}

impl Norm {
    /// A norm of `width` features, with all scales 1 and all shifts 0.
    pub(super) fn new(
        kind: NormKind,
        width: usize,
        epsilon: f64,
        precision: Precision,
        device: &Device,
    ) -> Norm {
        let beta = || Param::from_tensor(Tensor::zeros([width], device));
        Norm {
            gamma: Param::from_tensor(Tensor::ones([width], device)),
            beta: kind.entry().has_shift.then(beta),
            epsilon,
            kind,
            precision,
        }
    }

    /// From `batch x seq x hidden` to the same.
    pub(super) fn forward(&self, hidden: Tensor<3>) -> Tensor<3> {
        let shift = self.beta.as_ref().map(Param::val);
        let normed = (self.kind.entry().apply)(hidden, self.gamma.val(), shift, self.epsilon);
        cast(normed, self.precision.float_type())
    }
}
