//! The optimizer of a module.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::{GradientsParams, ModuleOptimizer, OptimizerRecord};
use burn::tensor::Tensor;

/// The optimizer of a module: its settings and what it has learned of each parameter.
pub struct Optimizer {
    inner: ModuleOptimizer,
    /// Shared with an algorithm that evaluates elsewhere than it trains: while it is set, a step
    /// answers with the weights to evaluate.
    evaluating: Option<Arc<AtomicBool>>,
}

impl From<ModuleOptimizer> for Optimizer {
    /// An optimizer that evaluates the very weights it trains.
    fn from(inner: ModuleOptimizer) -> Optimizer {
        Optimizer { inner, evaluating: None }
    }
}

impl Optimizer {
    /// An optimizer whose steps give, while `evaluating` is set, the weights to evaluate, and
    /// change nothing.
    pub(crate) fn with_evaluation(inner: ModuleOptimizer, evaluating: Arc<AtomicBool>) -> Self {
        Optimizer { inner, evaluating: Some(evaluating) }
    }

    /// The module after one step along `gradients`.
    pub fn step<M: Module>(
        &mut self,
        learning_rate: f64,
        module: M,
        gradients: GradientsParams,
    ) -> M {
        self.inner.step(learning_rate, module, gradients)
    }

    /// The weights to evaluate and to keep: those of `module`, or their average where the
    /// algorithm trains elsewhere ([`ScheduleFreeAdamW`](crate::ScheduleFreeAdamW)).
    ///
    /// Training goes on with `module` itself.
    pub fn evaluation_module<M: Module>(&mut self, module: &M) -> M {
        let Some(evaluating) = &self.evaluating else {
            return module.clone();
        };
        let mut every_param = EveryParam { gradients: GradientsParams::new() };
        module.visit(&mut every_param);
        evaluating.store(true, Ordering::Relaxed);
        let averaged = self.inner.clone().step(0.0, module.clone(), every_param.gradients);
        evaluating.store(false, Ordering::Relaxed);
        averaged
    }

    /// What it has learned, by parameter, to be saved.
    pub fn to_record(&self) -> OptimizerRecord {
        self.inner.to_record()
    }

    /// The optimizer with what another one of the same settings had learned.
    #[must_use]
    pub fn load_record(self, record: OptimizerRecord) -> Optimizer {
        Optimizer { inner: self.inner.load_record(record), evaluating: self.evaluating }
    }
}

/// Gives every trained parameter a gradient, since a step passes over those without one.
struct EveryParam {
    gradients: GradientsParams,
}

impl ModuleVisitor for EveryParam {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.is_require_grad() {
            self.gradients.register(param.id, param.val().inner());
        }
    }
}
