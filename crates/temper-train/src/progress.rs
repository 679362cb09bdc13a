//! What a run has done since its last report.

use std::time::Instant;

use burn::tensor::{Device, Tensor};

use crate::TrainError;
use crate::device::device_failure;

/// Losses and time since the last report; the losses stay on the device until they are read.
pub(crate) struct Progress {
    loss_sum: Option<Tensor<1>>,
    /// The tokens whose losses were added.
    tokens: u64,
    /// Those since the clock was started.
    timed: u64,
    started: Instant,
}

impl Progress {
    /// Starts the clock.
    pub(crate) fn start() -> Progress {
        Progress { loss_sum: None, tokens: 0, timed: 0, started: Instant::now() }
    }

    /// Starts the clock with losses from before.
    pub(crate) fn resume(loss_sum: f32, tokens: u64, device: &Device) -> Progress {
        let sum = (tokens > 0).then(|| Tensor::from_data([loss_sum], &device.clone().inner()));
        Progress { loss_sum: sum, tokens, ..Progress::start() }
    }

    /// Forgets all, and starts the clock again.
    pub(crate) fn restart(&mut self) {
        *self = Progress::start();
    }

    /// Adds the losses of one pass, the sum over `tokens` tokens.
    pub(crate) fn add(&mut self, loss: Tensor<1>, tokens: u64) {
        self.tokens += tokens;
        self.timed += tokens;
        self.loss_sum = Some(match self.loss_sum.take() {
            Some(sum) => sum + loss,
            None => loss,
        });
    }

    /// The sum of the losses since the last report, and how many tokens it is over; waits for the device.
    ///
    /// # Errors
    /// The device failed.
    pub(crate) fn losses(&self) -> Result<(f32, u64), TrainError> {
        let sum = self.loss_sum.clone().map_or(Ok(0.0), read)?;
        Ok((sum as f32, self.tokens))
    }

    /// The mean loss since the last report, in nats per token; waits for the device.
    ///
    /// # Errors
    /// A loss was not finite: the run has diverged at or before `step`.
    pub(crate) fn mean_loss(&self, step: u64) -> Result<f64, TrainError> {
        let sum = self.loss_sum.clone().map_or(Ok(0.0), read)?;
        finite(sum / self.tokens.max(1) as f64, step)
    }

    /// Tokens per second since the clock was started.
    pub(crate) fn tokens_per_second(&self) -> f64 {
        self.timed as f64 / self.started.elapsed().as_secs_f64()
    }
}

/// The loss, if it is finite.
///
/// # Errors
/// The run has diverged at or before `step`.
pub(crate) fn finite(loss: f64, step: u64) -> Result<f64, TrainError> {
    if loss.is_finite() {
        return Ok(loss);
    }
    Err(TrainError::Diverged { step, loss })
}

/// The value of a scalar on the device; waits for it.
///
/// # Errors
/// The device failed.
pub(crate) fn read(scalar: Tensor<1>) -> Result<f64, TrainError> {
    let value =
        scalar.try_into_scalar::<f32>().map_err(|error| device_failure(error.to_string()))?;
    Ok(f64::from(value))
}
