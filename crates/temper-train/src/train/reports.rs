//! What a run says after a step.

use burn::tensor::Device;

use super::state::{State, Step};
use crate::data::Dataset;
use crate::evaluate::evaluate;
use crate::memory::peak_memory;
use crate::progress::{Clock, Losses, finite, read};
use crate::sample::sample;
use crate::{Report, StepReport, TrainError};

impl State<'_> {
    /// How training has gone since the last report.
    ///
    /// # Errors
    /// The run has diverged, or the device failed.
    pub(super) fn report(&mut self, last: Step) -> Result<StepReport, TrainError> {
        self.look()?;
        let (tokens_per_second, model_flops_per_second) = self.log_clock.speeds();
        let report = StepReport {
            step: self.position.steps,
            train_loss: self.position.logged_losses.mean(),
            learning_rate: last.learning_rate,
            grad_norm: last.grad_norm.map_or(Ok(0.0), read)?,
            tokens: self.position.tokens,
            tokens_per_second,
            model_flops_per_second,
            mfu: self.utilisation(model_flops_per_second),
        };
        self.position.logged_losses = Losses::default();
        self.log_clock = Clock::start();
        Ok(report)
    }

    /// How good the model is, and how training has gone since the last evaluation.
    ///
    /// # Errors
    /// The run has diverged, or the device or the tokenizer failed.
    pub(super) fn evaluate(
        &mut self,
        dataset: &Dataset,
        last: Step,
        device: &Device,
    ) -> Result<Report, TrainError> {
        self.look()?;
        let (tokens_per_second, model_flops_per_second) = self.clock.speeds();
        let (step, config) = (self.position.steps, self.config);
        let (model, sequences) = (self.evaluation_model(), self.batch.micro_batch_size);
        let evaluation = evaluate(&model, &dataset.held_out, sequences, config, device)?;
        let report = Report {
            step,
            eval_loss: finite(evaluation.loss, step)?,
            perplexity: evaluation.loss.exp().min(f64::MAX),
            train_loss: self.position.losses.mean(),
            learning_rate: last.learning_rate,
            grad_norm: last.grad_norm.map_or(Ok(0.0), read)?,
            tokens: self.position.tokens,
            tokens_per_second,
            model_flops_per_second,
            mfu: self.utilisation(model_flops_per_second),
            bits_per_byte: evaluation.bits_per_byte,
            accuracy: evaluation.accuracy,
            peak_memory: peak_memory(),
            sample: sample(&model, config, &dataset.tokenizer, step, device)?,
        };
        self.position.report = Some(report.clone());
        (self.position.losses, self.position.logged_losses) = Default::default();
        (self.clock, self.log_clock) = (Clock::start(), Clock::start());
        Ok(report)
    }

    /// The model flops utilisation (Chowdhery et al. 2022, appendix B), where the peak is known.
    fn utilisation(&self, model_flops_per_second: f64) -> Option<f64> {
        self.config.peak_flops.map(|peak| model_flops_per_second / peak)
    }
}
