//! Orthogonal steps for hidden matrices.

use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{
    self, AdamWState, AdjustLrFn, LearningRate, ModuleOptimizer, MuonConfig, MuonState,
    RecordState, StateSink, StateSource,
};
use burn::tensor::{Device, Tensor};

use crate::adamw::Update;
use crate::width::Scaled;
use crate::{AdamW, Algorithm, Groups, Optimizer, OptimizerSettings, WidthRule};

/// The settings of Muon (Jordan et al. 2024): a hidden matrix moves along its momentum made
/// orthogonal by five Newton-Schulz iterations; `AdamW` moves all other parameters.
///
/// An orthogonal step of an `n x d` matrix is scaled by 0.2 sqrt(max(n, d)), by which its root
/// mean square is that of an `AdamW` step (Liu et al. 2025, eq. 4): one learning rate and one
/// weight decay suit both. That is `adjust_lr_fn="match_rms_adamw"` of `torch.optim.Muon`, which
/// iterates in 16 bits, where this does in those of the weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Muon {
    /// Decay of the sum of gradients, in [0, 1).
    pub momentum: f64,
    /// Whether a step looks ahead along the momentum.
    pub nesterov: bool,
    /// What moves vectors, embeddings and the output layer; its weight decay is everyone's.
    pub adamw: AdamW,
}

impl Default for Muon {
    fn default() -> Self {
        Muon { momentum: 0.95, nesterov: true, adamw: AdamW::default() }
    }
}

impl Algorithm for Muon {
    const NAME: &'static str = "muon";
    const KEYS: &'static [&'static str] = &["momentum", "nesterov", "beta1", "beta2", "adam_eps"];
    const WIDTH_RULE: Option<WidthRule> = Some(WidthRule::Orthogonal);

    fn from_settings(settings: &OptimizerSettings) -> Muon {
        let default = Muon::default();
        Muon {
            momentum: settings.momentum.unwrap_or(default.momentum),
            nesterov: settings.nesterov.unwrap_or(default.nesterov),
            adamw: AdamW::from_settings(settings),
        }
    }

    fn init(&self, groups: Groups) -> Optimizer {
        let weight_decay = self.adamw.weight_decay;
        let rates = groups.rates;
        let orthogonal = |factor, decay| Scaled::new(factor, decay, |decay| self.build(decay));
        let adamw = |factor, decay| Scaled::new(factor, decay, |decay| self.adamw.build(decay));
        // Of the groups that hold a parameter, the last one decides.
        ModuleOptimizer::from(orthogonal(rates.hidden, weight_decay))
            .with_group(groups.output, adamw(rates.output, weight_decay), None)
            .with_group(groups.norms_and_biases, orthogonal(rates.norms_and_biases, 0.0), None)
            .with_group(groups.embeddings, adamw(rates.embeddings, 0.0), None)
            .into()
    }
}

impl Muon {
    fn build(&self, weight_decay: f64) -> MatrixMuon {
        let momentum =
            MomentumConfig { momentum: self.momentum, dampening: 0.0, nesterov: self.nesterov };
        let penalty = weight_decay as f32;
        let matrices = MuonConfig::new()
            .with_momentum(momentum)
            .with_weight_decay(Some(WeightDecayConfig { penalty }))
            .with_adjust_lr_fn(AdjustLrFn::MatchRmsAdamW)
            .build();
        MatrixMuon { matrices, others: self.adamw.build(weight_decay) }
    }
}

/// Muon for matrices, `AdamW` for tensors of any other rank.
#[derive(Clone)]
struct MatrixMuon {
    matrices: optim::Muon,
    others: Update,
}

/// What is known of a parameter; which of the two there is follows from its rank.
#[derive(Clone)]
struct MatrixMuonState<const D: usize> {
    matrix: Option<MuonState<D>>,
    other: Option<AdamWState<D>>,
}

impl optim::Optimizer for MatrixMuon {
    type State<const D: usize> = MatrixMuonState<D>;

    fn step<const D: usize>(
        &self,
        learning_rate: LearningRate,
        weights: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<MatrixMuonState<D>>,
    ) -> (Tensor<D>, Option<MatrixMuonState<D>>) {
        if D == 2 {
            let state = state.and_then(|state| state.matrix);
            let (weights, matrix) = self.matrices.step(learning_rate, weights, gradient, state);
            return (weights, Some(MatrixMuonState { matrix, other: None }));
        }
        let state = state.and_then(|state| state.other);
        let (weights, other) = self.others.step(learning_rate, weights, gradient, state);
        (weights, Some(MatrixMuonState { matrix: None, other }))
    }

    fn to_device<const D: usize>(state: MatrixMuonState<D>, device: &Device) -> MatrixMuonState<D> {
        MatrixMuonState {
            matrix: state.matrix.map(|state| optim::Muon::to_device(state, device)),
            other: state.other.map(|state| optim::AdamW::to_device(state, device)),
        }
    }
}

impl<const D: usize> RecordState for MatrixMuonState<D> {
    fn state_flatten(&self, prefix: &str, out: &mut StateSink) {
        if let Some(state) = &self.matrix {
            state.state_flatten(prefix, out);
        }
        if let Some(state) = &self.other {
            state.state_flatten(prefix, out);
        }
    }

    fn state_unflatten(prefix: &str, source: &mut StateSource, device: &Device) -> Option<Self> {
        if D == 2 {
            let matrix = Some(MuonState::state_unflatten(prefix, source, device)?);
            return Some(MatrixMuonState { matrix, other: None });
        }
        let other = Some(AdamWState::state_unflatten(prefix, source, device)?);
        Some(MatrixMuonState { matrix: None, other })
    }
}
