//! How long a run trains, in optimizer steps, and when it evaluates.

use crate::{TrainConfig, TrainError};

/// Evaluations per run where `eval_steps` is not given.
const DEFAULT_EVALUATIONS: u64 = 10;

impl TrainConfig {
    /// Optimizer steps of the run, at least 1, over a training text of `text_tokens` tokens.
    ///
    /// # Errors
    /// None or more than one of the three lengths is given, or the batch sizes disagree.
    pub fn total_steps(&self, text_tokens: u64) -> Result<u64, TrainError> {
        self.steps_over(self.text_volume(text_tokens)?)
    }

    /// Optimizer steps of the run, at least 1, over so much data.
    ///
    /// # Errors
    /// None or more than one of the three lengths is given.
    pub(crate) fn steps_over(&self, volume: Volume) -> Result<u64, TrainError> {
        let steps = match self.length()? {
            Length::Steps(steps) => steps,
            Length::Tokens(tokens) => (tokens as f64 / volume.step_tokens).ceil() as u64,
            Length::Epochs(num_epochs) => {
                (num_epochs * volume.epoch as f64 / volume.step as f64).ceil() as u64
            }
        };
        Ok(steps.max(1))
    }

    /// A text of `text_tokens` tokens.
    ///
    /// # Errors
    /// The batch sizes disagree.
    pub(crate) fn text_volume(&self, text_tokens: u64) -> Result<Volume, TrainError> {
        let step = self.batch()?.size() as u64 * self.max_seq_length as u64;
        Ok(Volume { epoch: text_tokens, step, step_tokens: step as f64 })
    }

    /// Optimizer steps from one evaluation to the next, at least 1.
    pub(crate) fn evaluation_interval(&self, total_steps: u64) -> u64 {
        let default = total_steps.div_ceil(DEFAULT_EVALUATIONS);
        self.eval_steps.map_or(default, |steps| steps as u64).max(1)
    }

    pub(super) fn length(&self) -> Result<Length, TrainError> {
        let steps = self.max_steps.map(|steps| Length::Steps(steps as u64));
        let tokens = self.train_tokens.map(Length::Tokens);
        let num_epochs = self.num_epochs.map(Length::Epochs);
        match (steps, tokens, num_epochs) {
            (None, None, None) => Err(TrainError::NoLength),
            (Some(length), None, None)
            | (None, Some(length), None)
            | (None, None, Some(length)) => Ok(length),
            (Some(_), Some(_), _) => Err(both("max_steps", "train_tokens")),
            (Some(_), None, Some(_)) => Err(both("max_steps", "num_epochs")),
            (None, Some(_), Some(_)) => Err(both("train_tokens", "num_epochs")),
        }
    }
}

/// How much there is to train on, in tokens of text or in rows of examples.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Volume {
    /// What an epoch is.
    pub epoch: u64,
    /// What an optimizer step takes of it.
    pub step: u64,
    /// Trained tokens of an optimizer step, on average.
    pub step_tokens: f64,
}

/// The length of a run in the unit it was given in.
pub(super) enum Length {
    Steps(u64),
    Tokens(u64),
    Epochs(f64),
}

fn both(key: &'static str, other: &'static str) -> TrainError {
    TrainError::BothGiven { key, other }
}
