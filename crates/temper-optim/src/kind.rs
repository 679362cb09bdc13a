//! The optimizers by name.

use serde::{Deserialize, Serialize};

use crate::adafactor::Adafactor;
use crate::adamw::AdamW;
use crate::algorithm::Algorithm;
use crate::lion::Lion;
use crate::muon::Muon;
use crate::schedule_free::ScheduleFreeAdamW;
use crate::sgd::Sgd;
use crate::{Groups, Optimizer, OptimizerSettings, WidthRule};

/// An optimizer by name.
///
/// ```
/// use burn::module::ParamGroup;
/// use temper_optim::{Groups, OptimizerKind, OptimizerSettings, RateFactors};
///
/// let settings = OptimizerSettings { weight_decay: 0.1, ..OptimizerSettings::default() };
/// let groups = Groups {
///     output: ParamGroup::from_predicate("lm_head"),
///     norms_and_biases: ParamGroup::from_any_predicates(vec!["norm", "bias"]),
///     embeddings: ParamGroup::from_predicate("embed_tokens"),
///     rates: RateFactors::default(),
/// };
/// let optimizer = OptimizerKind::Lion.init(&settings, groups);
/// assert_eq!(OptimizerKind::Lion.keys(), ["beta1", "beta2"]);
/// ```
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "snake_case")]
pub enum OptimizerKind {
    /// Adam with decoupled weight decay.
    #[default]
    #[serde(rename = "adamw")]
    AdamW,
    /// Stochastic gradient descent, with momentum or without.
    Sgd,
    /// The sign of a mean of gradients.
    Lion,
    /// Adam's second moments by rows and columns, and steps in proportion to the weights.
    Adafactor,
    /// Orthogonal steps for hidden matrices, `AdamW` for the rest.
    Muon,
    /// `AdamW` whose average of weights takes the place of a schedule.
    #[serde(rename = "schedule_free_adamw")]
    ScheduleFreeAdamW,
}

impl OptimizerKind {
    /// All optimizers.
    pub const ALL: [OptimizerKind; 6] = [
        OptimizerKind::AdamW,
        OptimizerKind::Sgd,
        OptimizerKind::Lion,
        OptimizerKind::Adafactor,
        OptimizerKind::Muon,
        OptimizerKind::ScheduleFreeAdamW,
    ];

    const fn entry(self) -> Entry {
        match self {
            OptimizerKind::AdamW => entry::<AdamW>(),
            OptimizerKind::Sgd => entry::<Sgd>(),
            OptimizerKind::Lion => entry::<Lion>(),
            OptimizerKind::Adafactor => entry::<Adafactor>(),
            OptimizerKind::Muon => entry::<Muon>(),
            OptimizerKind::ScheduleFreeAdamW => entry::<ScheduleFreeAdamW>(),
        }
    }

    /// Its name, as in TOML.
    pub const fn name(self) -> &'static str {
        self.entry().name
    }

    /// The settings it uses beside `weight_decay`.
    pub const fn keys(self) -> &'static [&'static str] {
        self.entry().keys
    }

    /// Whether the learning rate has to stay where it is after warmup.
    pub const fn needs_constant_rate(self) -> bool {
        self.entry().needs_constant_rate
    }

    /// How its learning rates follow the width of a model; `None` where no rule is known.
    pub const fn width_rule(self) -> Option<WidthRule> {
        self.entry().width_rule
    }

    /// The optimizer of a module whose parameters are in these groups; settings that it doesn't
    /// use are not looked at.
    pub fn init(self, settings: &OptimizerSettings, groups: Groups) -> Optimizer {
        (self.entry().init)(settings, groups)
    }
}

/// An [`Algorithm`] without its type.
struct Entry {
    name: &'static str,
    keys: &'static [&'static str],
    needs_constant_rate: bool,
    width_rule: Option<WidthRule>,
    init: fn(&OptimizerSettings, Groups) -> Optimizer,
}

const fn entry<A: Algorithm>() -> Entry {
    Entry {
        name: A::NAME,
        keys: A::KEYS,
        needs_constant_rate: A::NEEDS_CONSTANT_RATE,
        width_rule: A::WIDTH_RULE,
        init: |settings, groups| A::from_settings(settings).init(groups),
    }
}
