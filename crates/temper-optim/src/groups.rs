//! The parameters that an optimizer treats apart.

use burn::module::ParamGroup;
use burn::optim::{self, ModuleOptimizer};

use crate::RateFactors;
use crate::width::Scaled;

/// Which parameters of a model are treated apart. One that is in several groups belongs to the
/// last of them here.
///
/// ```
/// use burn::module::ParamGroup;
/// use temper_optim::{Groups, RateFactors};
///
/// let groups = Groups {
///     output: ParamGroup::from_predicate("lm_head"),
///     norms_and_biases: ParamGroup::from_any_predicates(vec!["norm", "bias"]),
///     embeddings: ParamGroup::from_predicate("embed_tokens"),
///     rates: RateFactors::default(),
/// };
/// ```
#[derive(Clone, Debug)]
pub struct Groups {
    /// The output layer: decayed, but no hidden matrix.
    pub output: ParamGroup,
    /// Norms and biases, which weight decay leaves alone.
    pub norms_and_biases: ParamGroup,
    /// Embeddings, also where the output layer shares one: not decayed, and no hidden matrices.
    pub embeddings: ParamGroup,
    /// The factor of the learning rate in each group, and in none of them.
    pub rates: RateFactors,
}

impl Groups {
    /// The optimizer that `build` makes of a weight decay, at the learning rate of each group; what
    /// is not decayed gets a decay of 0.
    pub(crate) fn optimizer<O: optim::Optimizer>(
        self,
        weight_decay: f64,
        build: impl Fn(f64) -> O,
    ) -> ModuleOptimizer {
        let rates = self.rates;
        let scaled = |factor, weight_decay| Scaled::new(factor, weight_decay, &build);
        ModuleOptimizer::from(scaled(rates.hidden, weight_decay))
            .with_group(self.output, scaled(rates.output, weight_decay), None)
            .with_group(self.norms_and_biases, scaled(rates.norms_and_biases, 0.0), None)
            .with_group(self.embeddings, scaled(rates.embeddings, 0.0), None)
    }
}
