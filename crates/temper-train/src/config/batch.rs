//! The arithmetic of batch sizes: give two, the third follows.

use crate::{TrainConfig, TrainError};

/// Sequences per optimizer step where no setting says otherwise.
const DEFAULT_BATCH_SIZE: usize = 16;

/// How the sequences of one optimizer step are divided into passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Sequences per forward and backward pass.
    pub micro_batch_size: usize,
    /// Passes per optimizer step.
    pub gradient_accumulation_steps: usize,
}

impl Batch {
    /// Sequences per optimizer step.
    pub fn size(&self) -> usize {
        self.micro_batch_size * self.gradient_accumulation_steps
    }
}

impl TrainConfig {
    /// Completes `batch_size` = `micro_batch_size` x `gradient_accumulation_steps`.
    ///
    /// # Errors
    /// The three disagree, or the batch is not a multiple of the one that is given.
    pub fn batch(&self) -> Result<Batch, TrainError> {
        let accumulation = self.gradient_accumulation_steps;
        let (micro_batch_size, gradient_accumulation_steps) =
            match (self.batch_size, self.micro_batch_size) {
                (Some(batch), Some(micro)) => {
                    let passes = quotient(batch, "micro_batch_size", micro)?;
                    if accumulation.is_some_and(|given| given != passes) {
                        return Err(TrainError::BatchDisagrees {
                            batch_size: batch,
                            micro_batch_size: micro,
                            gradient_accumulation_steps: accumulation.unwrap_or(passes),
                        });
                    }
                    (micro, passes)
                }
                (None, Some(micro)) => (micro, accumulation.unwrap_or(1)),
                (batch, None) => {
                    let batch = batch.unwrap_or(DEFAULT_BATCH_SIZE);
                    let passes = accumulation.unwrap_or(1);
                    (quotient(batch, "gradient_accumulation_steps", passes)?, passes)
                }
            };
        Ok(Batch { micro_batch_size, gradient_accumulation_steps })
    }
}

fn quotient(batch: usize, key: &'static str, divisor: usize) -> Result<usize, TrainError> {
    if divisor == 0 || !batch.is_multiple_of(divisor) || batch == 0 {
        return Err(TrainError::NotDivisible {
            key: "batch_size",
            value: batch,
            divisor_key: key,
            divisor,
        });
    }
    Ok(batch / divisor)
}
