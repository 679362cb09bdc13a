//! The parameters that an optimizer treats apart.

use burn::module::ParamGroup;
use burn::optim::{self, ModuleOptimizer};

/// Which parameters of a model are treated apart. One that is in several groups belongs to the
/// last of them here.
///
/// ```
/// use burn::module::ParamGroup;
/// use temper_optim::Groups;
///
/// let groups = Groups {
///     output: ParamGroup::from_predicate("lm_head"),
///     norms_and_biases: ParamGroup::from_any_predicates(vec!["norm", "bias"]),
///     embeddings: ParamGroup::from_predicate("embed_tokens"),
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
}

impl Groups {
    /// The optimizer that decays by one algorithm, and moves what is not decayed by another.
    pub(crate) fn optimizer<O: optim::Optimizer>(
        self,
        decayed: O,
        undecayed: O,
    ) -> ModuleOptimizer {
        ModuleOptimizer::from(decayed)
            .with_group(self.norms_and_biases, undecayed.clone(), None)
            .with_group(self.embeddings, undecayed, None)
    }
}
