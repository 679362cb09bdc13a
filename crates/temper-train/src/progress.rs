//! What a run has done since its last report.

use std::time::Instant;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::device::device_failure;

/// The losses of steps that are still on the device: each look at them waits for it.
#[derive(Default)]
pub(crate) struct Unread {
    sums: Vec<Tensor<1>>,
    tokens: Vec<u64>,
}

impl Unread {
    /// Adds the losses of one step, the sum over `tokens` tokens.
    pub(crate) fn add(&mut self, sum: Tensor<1>, tokens: u64) {
        self.sums.push(sum);
        self.tokens.push(tokens);
    }

    /// The losses and the tokens of each step since the last look; waits for the device.
    ///
    /// # Errors
    /// The device failed.
    pub(crate) fn take(&mut self) -> Result<Vec<Losses>, TrainError> {
        if self.sums.is_empty() {
            return Ok(Vec::new());
        }
        let sums = Tensor::cat(std::mem::take(&mut self.sums), 0); // [steps]
        let sums = sums.try_into_data().map_err(|error| device_failure(error.to_string()))?;
        let sums =
            sums.try_to_vec::<f32>().map_err(|error| device_failure(format!("{error:?}")))?;
        let steps = sums.into_iter().zip(std::mem::take(&mut self.tokens));
        let losses = |(sum, loss_tokens)| Losses { loss_sum: f64::from(sum), loss_tokens };
        Ok(steps.map(losses).collect())
    }
}

/// Losses of some steps.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Losses {
    /// Sum of the losses of their trained tokens, in nats.
    loss_sum: f64,
    /// How many tokens that are.
    loss_tokens: u64,
}

impl Losses {
    /// Adds those of other steps.
    pub(crate) fn add(&mut self, other: Losses) {
        self.loss_sum += other.loss_sum;
        self.loss_tokens += other.loss_tokens;
    }

    /// The mean loss, in nats per token.
    pub(crate) fn mean(&self) -> f64 {
        self.loss_sum / self.loss_tokens.max(1) as f64
    }
}

/// How fast a run is.
pub(crate) struct Clock {
    tokens: u64,
    flops: f64,
    started: Instant,
}

impl Clock {
    /// Starts it.
    pub(crate) fn start() -> Clock {
        Clock { tokens: 0, flops: 0.0, started: Instant::now() }
    }

    /// Adds a step on `tokens` trained tokens, which took so many operations of the model.
    pub(crate) fn add(&mut self, tokens: u64, flops: f64) {
        self.tokens += tokens;
        self.flops += flops;
    }

    /// Trained tokens per second since the start, and operations per second.
    pub(crate) fn speeds(&self) -> (f64, f64) {
        let seconds = self.started.elapsed().as_secs_f64();
        (self.tokens as f64 / seconds, self.flops / seconds)
    }
}

/// The loss, if it is finite.
///
/// # Errors
/// The run has diverged at `step`.
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
