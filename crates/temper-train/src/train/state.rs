//! Everything that changes from one optimizer step to the next.

use std::path::PathBuf;

use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::{Device, Tensor};
use temper_optim::{Optimizer, Schedule, clip_grad_norm};

use crate::checkpoint::{Checkpoint, Checkpoints, Position};
use crate::config::Batch;
use crate::data::{Sequences, random_starts};
use crate::model::{Model, cross_entropy};
use crate::pretrained::{Pretrained, load_weights};
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
                Progress::resume(state.position.loss_sum, state.position.losses, device);
            (state.model, state.optimizer) =
                checkpoint.restore(config, state.model, state.optimizer)?;
        }
        Ok(state)
    }

    /// The same with the weights of a pretrained checkpoint.
    pub(super) fn with_weights(mut self, pretrained: &Pretrained) -> Result<Self, TrainError> {
        self.model = load_weights(self.model, pretrained, &self.device)?;
        Ok(self)
    }

    /// Training tokens of one pass.
    pub(super) fn pass_tokens(&self) -> u64 {
        (self.batch.micro_batch_size * self.config.max_seq_length) as u64
    }

    /// One optimizer step on sequences of `tokens`.
    pub(super) fn step(mut self, tokens: &[u32]) -> (Self, Step) {
        let (step, passes) = (self.position.steps, self.batch.gradient_accumulation_steps);
        let (length, count) = (self.config.max_seq_length, self.batch.size());
        let starts = random_starts(tokens.len(), length, count, self.config.seed, step);
        let mut gradients = GradientsAccumulator::new();
        for starts in starts.chunks(self.batch.micro_batch_size) {
            let sequences = Sequences::cut(tokens, starts, length, &self.device);
            let loss = cross_entropy(self.model.forward(sequences.inputs), sequences.targets);
            self.progress.add(loss.clone().inner());
            let pass_gradients = (loss / passes as f64).backward();
            let pass_gradients = GradientsParams::from_grads(pass_gradients, &self.model);
            gradients.accumulate(&self.model, pass_gradients);
        }
        let learning_rate = self.schedule.learning_rate(step);
        let (gradients, grad_norm) =
            clip_grad_norm(&self.model, gradients.grads(), self.config.clipping());
        self.model = self.optimizer.step(learning_rate, self.model, gradients);
        self.position.steps += 1;
        self.position.tokens += passes as u64 * self.pass_tokens();
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
        (self.position.loss_sum, self.position.losses) = self.progress.losses()?;
        let saved = checkpoints.save(self.config, &self.position, &self.model, &self.optimizer);
        Ok(saved?)
    }
}
