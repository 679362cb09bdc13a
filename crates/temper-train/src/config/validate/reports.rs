//! The checks of what a run reports, and of when it counts as diverged.

use super::{MAX_SIZE, check, check_some};
use crate::{TrainConfig, TrainError};

impl TrainConfig {
    pub(super) fn validate_reports(&self) -> Result<(), TrainError> {
        check("log_steps", self.log_steps, "below 1", |steps| steps >= 1)?;
        check_some("peak_flops", self.peak_flops, "not above 0", |flops| flops > 0.0)?;
        check_some("sample_tokens", self.sample_tokens, "above 1,000,000", |tokens| {
            tokens <= MAX_SIZE
        })?;
        let refuse = |key, value, fault| Err(TrainError::OutOfBounds { key, value, fault });
        if let (Some(prompt), Some(0)) = (&self.sample_prompt, self.sample_tokens) {
            let fault = "of no use where `sample_tokens` is 0";
            return refuse("sample_prompt", format!("{prompt:?}"), fault);
        }
        let threshold = self.divergence_threshold;
        check("divergence_threshold", threshold, "below 0", |threshold| threshold >= 0.0)?;
        match self.divergence_steps {
            Some(steps) if threshold == 0.0 => {
                let fault = "of no use where `divergence_threshold` is 0";
                refuse("divergence_steps", steps.to_string(), fault)
            }
            steps => check_some("divergence_steps", steps, "below 1", |steps| steps >= 1),
        }
    }
}
