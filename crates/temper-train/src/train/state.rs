//! Everything that changes from one optimizer step to the next.

use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::{Device, Tensor};
use temper_optim::{Groups, Optimizer, Schedule, clip_grad_norm};

use super::average::Average;
use crate::checkpoint::{Checkpoint, Position, Snapshot};
use crate::config::Batch;
use crate::data::{Sequences, Train};
use crate::divergence::DivergenceRule;
use crate::flops::ModelFlops;
use crate::model::{Dropout, Model, cross_entropy, z_loss};
use crate::pretrained::{Checksum, Pretrained, load_weights};
use crate::progress::{Clock, Unread, finite};
use crate::{FinetuningType, TrainConfig, TrainError};

/// A run between two optimizer steps.
pub(super) struct State<'a> {
    pub(super) config: &'a TrainConfig,
    device: Device,
    schedule: Schedule,
    pub(super) batch: Batch,
    model: Model,
    optimizer: Optimizer,
    average: Option<Average>,
    /// Of the weights of the pretrained checkpoint, where some of them stay.
    base: Option<Checksum>,
    flops: ModelFlops,
    divergence: Option<DivergenceRule>,
    /// The losses of the last steps, which are not in `position` yet.
    unread: Unread,
    /// Since the last evaluation.
    pub(super) clock: Clock,
    /// Since the last report.
    pub(super) log_clock: Clock,
    pub(super) position: Position,
}

/// What a step came to.
pub(super) struct Step {
    pub(super) learning_rate: f64,
    /// Euclidean norm of the gradient before clipping, on the device.
    pub(super) grad_norm: Option<Tensor<1>>,
}

impl<'a> State<'a> {
    /// At the checkpoint, or at the first step, with the weights of `pretrained` if there are some.
    pub(super) fn new(
        config: &'a TrainConfig,
        total_steps: u64,
        device: &Device,
        pretrained: Option<&Pretrained>,
        from: Option<Checkpoint>,
    ) -> Result<Self, TrainError> {
        let (model, base) = initial_model(config, device, pretrained, from.is_some())?;
        let mut state = Self {
            config,
            device: device.clone(),
            schedule: config.schedule(total_steps),
            batch: config.batch()?,
            model,
            optimizer: config.optimizer.init(
                &config.optimizer_settings(),
                Groups { rates: config.rate_factors(), ..Model::groups() },
            ),
            average: None,
            base,
            flops: ModelFlops::new(config),
            divergence: config.divergence_rule(total_steps),
            unread: Unread::default(),
            clock: Clock::start(),
            log_clock: Clock::start(),
            position: Position::default(),
        };
        if let Some(checkpoint) = from {
            state.position = checkpoint.position.clone();
            let averaged;
            (state.model, averaged, state.optimizer) =
                checkpoint.restore(config, base, state.model, state.optimizer)?;
            state.average = config
                .ema_decay
                .zip(averaged)
                .map(|(decay, model)| Average::resume(decay, &model, state.position.averaged));
        }
        if let (Some(decay), None) = (config.ema_decay, &state.average) {
            state.average = Some(Average::new(decay, &state.model));
        }
        Ok(state)
    }

    /// One optimizer step on `data`: along the gradient of the mean loss of all its trained tokens.
    pub(super) fn step(mut self, data: &Train) -> (Self, Step) {
        let step = self.position.steps;
        let passes = data.passes(self.config, self.batch, step, &self.device);
        let tokens: u64 = passes.iter().map(|pass| pass.trained).sum();
        let flops = passes.iter().map(|pass| self.flops.of(pass)).sum();
        let mut losses: Option<Tensor<1>> = None;
        let mut gradients = GradientsAccumulator::new();
        let count = passes.len();
        for (index, pass) in passes.into_iter().enumerate() {
            let mut dropout = Dropout::new(self.config, step, index as u64);
            let (loss, penalty) = self.loss(pass, &mut dropout);
            let of_pass = loss.clone().inner();
            losses = Some(match losses {
                Some(sum) => sum + of_pass,
                None => of_pass,
            });
            let mut loss = loss / tokens as f64;
            if let Some(penalty) = penalty {
                loss = loss + penalty / count as f64;
            }
            let pass_gradients = loss.backward();
            let pass_gradients = GradientsParams::from_grads(pass_gradients, &self.model);
            gradients.accumulate(&self.model, pass_gradients);
        }
        let learning_rate = self.schedule.learning_rate(step);
        let (gradients, grad_norm) =
            clip_grad_norm(&self.model, gradients.grads(), self.config.clipping());
        self.model = self.optimizer.step(learning_rate, self.model, gradients);
        if let Some(average) = &mut self.average {
            average.add(&self.model);
        }
        if let Some(sum) = losses {
            self.unread.add(sum, tokens);
        }
        self.clock.add(tokens, flops);
        self.log_clock.add(tokens, flops);
        self.position.steps += 1;
        self.position.tokens += tokens;
        (self, Step { learning_rate, grad_norm })
    }

    /// Reads the losses of the steps since the last look; waits for the device.
    ///
    /// # Errors
    /// The run has diverged, or the device failed.
    pub(super) fn look(&mut self) -> Result<(), TrainError> {
        let unread = self.unread.take()?;
        let first = self.position.steps + 1 - unread.len() as u64;
        for (step, losses) in (first..).zip(unread) {
            let loss = finite(losses.mean(), step)?;
            self.position.losses.add(losses);
            self.position.logged_losses.add(losses);
            if let Some(rule) = &self.divergence {
                self.position.trend.add(loss, step, rule)?;
            }
        }
        Ok(())
    }

    /// The summed loss of a pass, and what is added to its mean.
    fn loss(&self, pass: Sequences, dropout: &mut Dropout) -> (Tensor<1>, Option<Tensor<1>>) {
        if self.config.z_loss == 0.0 {
            return (self.model.loss(pass, dropout), None);
        }
        let logits = self.model.forward_with(pass.inputs, pass.segments, dropout);
        let penalty = z_loss(logits.clone()) * self.config.z_loss;
        (cross_entropy(logits, pass.targets, pass.weights), Some(penalty))
    }

    /// The weights to evaluate, without gradients.
    pub(super) fn evaluation_model(&mut self) -> Model {
        match &self.average {
            Some(average) => average.model().clone(),
            None => self.optimizer.evaluation_module(&self.model).valid(),
        }
    }

    /// What of it is saved.
    ///
    /// # Errors
    /// The run has diverged: it is not worth going on from.
    pub(super) fn snapshot(&mut self) -> Result<Snapshot<'_>, TrainError> {
        self.look()?;
        self.position.averaged = self.average.as_ref().map_or(0, Average::steps);
        Ok(Snapshot {
            config: self.config,
            position: &self.position,
            base: self.base,
            model: &self.model,
            average: self.average.as_ref().map(Average::model),
            optimizer: &self.optimizer,
        })
    }
}

/// The model before its first step, or before the weights of a checkpoint are put into it; and a
/// checksum of the weights that stay, if there are some: those are in no checkpoint.
fn initial_model(
    config: &TrainConfig,
    device: &Device,
    pretrained: Option<&Pretrained>,
    is_resumed: bool,
) -> Result<(Model, Option<Checksum>), TrainError> {
    let is_full = config.finetuning_type == FinetuningType::Full;
    let model = Model::new(config, device);
    let (model, base) = match pretrained.filter(|_| !is_full || !is_resumed) {
        None => (model, None),
        Some(pretrained) => {
            let (model, checksum) = load_weights(model, pretrained, device)?;
            (model, (!is_full).then_some(checksum))
        }
    };
    Ok((model.fine_tuned(config, device), base))
}
