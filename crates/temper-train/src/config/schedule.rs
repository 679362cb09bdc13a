//! The learning-rate schedule that the settings come to.

use temper_optim::{CooldownType, Schedule};

use crate::TrainConfig;

impl TrainConfig {
    /// The learning-rate schedule of a run of `total_steps` optimizer steps.
    pub fn schedule(&self, total_steps: u64) -> Schedule {
        let kind = self.schedule_kind();
        let min_ratio = self.min_lr_ratio.unwrap_or(kind.entry().min_lr_ratio);
        let given = self.schedule_settings().into_iter();
        Schedule {
            kind,
            peak: self.learning_rate,
            min: self.min_lr.unwrap_or(min_ratio * self.learning_rate),
            warmup_steps: match (self.warmup_steps, self.warmup_ratio) {
                (Some(steps), _) => steps as u64,
                (None, Some(ratio)) => (ratio * total_steps as f64).ceil() as u64,
                (None, None) => kind.default_warmup_steps(total_steps),
            },
            total_steps,
            settings: given.filter_map(|(key, value)| Some((key, value?))).collect(),
        }
    }

    /// The settings that belong to some kinds of schedules only, as numbers.
    pub(super) fn schedule_settings(&self) -> [(&'static str, Option<f64>); 10] {
        let count = |count: Option<usize>| count.map(|count| count as f64);
        [
            ("lr_num_cycles", count(self.lr_num_cycles)),
            ("lr_power", self.lr_power),
            ("lr_decay_rate", self.lr_decay_rate),
            ("lr_decay_steps", count(self.lr_decay_steps)),
            ("lr_step_size", count(self.lr_step_size)),
            ("lr_gamma", self.lr_gamma),
            ("lr_timescale", count(self.lr_timescale)),
            ("lr_div_factor", self.lr_div_factor),
            ("lr_cooldown_ratio", self.lr_cooldown_ratio),
            ("lr_cooldown_type", self.lr_cooldown_type.map(CooldownType::exponent)),
        ]
    }
}
