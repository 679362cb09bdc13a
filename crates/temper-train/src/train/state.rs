//! Everything that changes from one optimizer step to the next.

use std::path::PathBuf;

use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::{Device, Tensor};
use temper_optim::{Optimizer, Schedule, clip_grad_norm};

use crate::checkpoint::{Checkpoint, Checkpoints, Position};
use crate::config::Batch;
use crate::data::Train;
use crate::model::{Model, cross_entropy};
use crate::progress::Progress;
use crate::{TrainConfig, TrainError};

/// A run between two optimizer steps.
pub(super) struct State<'a> {
    config: &'a TrainConfig,
    device: Device,
    schedule: Schedule,
    pub(super) batch: Batch,
    model: Model,
    optimizer: Optimizer,
    pub(super) progress: Progress,
    pub(super) position: Position,
}

/// What a step came to.
pub(super) struct Step {
    pub(super) learning_rate: f64,
    /// Euclidean norm of the gradient before clipping, on the device.
    pub(super) grad_norm: Option<Tensor<1>>,
}

impl<'a> State<'a> {
    /// At the checkpoint, or at the first step.
    pub(super) fn new(
        config: &'a TrainConfig,
        total_steps: u64,
        device: &Device,
        from: Option<Checkpoint>,
    ) -> Result<Self, TrainError> {
        let mut state = Self {
            config,
            device: device.clone(),
            schedule: config.schedule(total_steps),
            batch: config.batch()?,
            model: Model::new(config, device),
            optimizer: config.optimizer.init(&config.optimizer_settings(), Model::groups()),
            progress: Progress::start(),
            position: Position::default(),
        };
        if let Some(checkpoint) = from {
            state.position = checkpoint.position.clone();
            state.progress =
                Progress::resume(state.position.loss_sum, state.position.loss_tokens, device);
            (state.model, state.optimizer) =
                checkpoint.restore(config, state.model, state.optimizer)?;
        }
        Ok(state)
    }

    /// One optimizer step on `data`: along the gradient of the mean loss of all its trained tokens.
    pub(super) fn step(mut self, data: &Train) -> (Self, Step) {
        let step = self.position.steps;
        let passes = data.passes(self.config, self.batch, step, &self.device);
        let tokens: u64 = passes.iter().map(|pass| pass.trained).sum();
        let mut gradients = GradientsAccumulator::new();
        for pass in passes {
            let logits = self.model.forward(pass.inputs, pass.segments);
            let loss = cross_entropy(logits, pass.targets, pass.weights);
            self.progress.add(loss.clone().inner(), pass.trained);
            let pass_gradients = (loss / tokens as f64).backward();
            let pass_gradients = GradientsParams::from_grads(pass_gradients, &self.model);
            gradients.accumulate(&self.model, pass_gradients);
        }
        let learning_rate = self.schedule.learning_rate(step);
        let (gradients, grad_norm) =
            clip_grad_norm(&self.model, gradients.grads(), self.config.clipping());
        self.model = self.optimizer.step(learning_rate, self.model, gradients);
        self.position.steps += 1;
        self.position.tokens += tokens;
        (self, Step { learning_rate, grad_norm })
    }

    /// The weights to evaluate, without gradients.
    pub(super) fn evaluation_model(&mut self) -> Model {
        self.optimizer.evaluation_module(&self.model).valid()
    }

    /// Saves it.
    pub(super) fn save(&mut self, checkpoints: &Checkpoints) -> Result<PathBuf, TrainError> {
        // A run that has diverged is not worth going on from.
        self.progress.mean_loss(self.position.steps)?;
        (self.position.loss_sum, self.position.loss_tokens) = self.progress.losses()?;
        let saved = checkpoints.save(self.config, &self.position, &self.model, &self.optimizer);
        Ok(saved?)
    }
}
