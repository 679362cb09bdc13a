//! The checks of a configuration: every bad value is named with its bound.

mod reports;

use temper_optim::{OptimizerKind, ScheduleKind};

use crate::model::PositionKind;
use crate::{Parametrization, TokenizerKind, TrainConfig, TrainError};

/// The largest size a setting may ask for; keeps counts of parameters within 64 bits.
const MAX_SIZE: usize = 1_000_000;

/// The smallest BPE: all bytes and the end-of-text token.
const MIN_BPE_VOCABULARY: usize = 257;

impl TrainConfig {
    /// Checks every setting, by itself and against the others.
    ///
    /// # Errors
    /// The first setting that is out of its bounds or contradicts another.
    pub fn validate(&self) -> Result<(), TrainError> {
        self.validate_base_model()?;
        self.validate_fine_tuning()?;
        self.validate_completed()
    }

    /// The same for settings that a checkpoint has completed.
    pub(crate) fn validate_completed(&self) -> Result<(), TrainError> {
        self.validate_data()?;
        self.validate_model()?;
        self.validate_schedule()?;
        self.validate_optimizer()?;
        self.validate_parametrization()?;
        self.validate_batch()?;
        self.validate_length()?;
        self.validate_reports()
    }

    fn validate_data(&self) -> Result<(), TrainError> {
        if self.data.is_empty() {
            return Err(TrainError::NoGlobs);
        }
        if self.validation_data.is_empty() {
            let fraction = self.validation_fraction;
            let is_part = |share| share > 0.0 && share <= 0.5;
            check("validation_fraction", fraction, "not above 0 and at most 0.5", is_part)?;
        }
        self.validate_labels()?;
        let vocabulary = self.vocabulary();
        if self.base_model.is_some() {
            return size("vocab_size", vocabulary);
        }
        match self.tokenizer {
            TokenizerKind::Bytes => {
                check("vocab_size", vocabulary, "not 256, the number of bytes", |size| size == 256)
            }
            TokenizerKind::Bpe => {
                check("vocab_size", vocabulary, "not within 257 and 1,000,000", |size| {
                    (MIN_BPE_VOCABULARY..=MAX_SIZE).contains(&size)
                })
            }
        }
    }

    fn validate_labels(&self) -> Result<(), TrainError> {
        let refuse = |value, fault| Err(TrainError::OutOfBounds { key: "labels", value, fault });
        if self.labels.len() == 1 {
            return refuse(format!("{:?}", self.labels), "fewer than two labels");
        }
        for (index, label) in self.labels.iter().enumerate() {
            if label.trim().is_empty() {
                return refuse(format!("{label:?}"), "blank");
            }
            if self.labels[..index].contains(label) {
                return refuse(format!("{label:?}"), "given twice");
            }
        }
        Ok(())
    }

    fn validate_model(&self) -> Result<(), TrainError> {
        size("hidden_size", self.hidden_size)?;
        size("num_layers", self.num_layers)?;
        size("num_heads", self.num_heads)?;
        size("num_kv_heads", self.kv_heads())?;
        size("intermediate_size", self.intermediate())?;
        size("max_seq_length", self.max_seq_length)?;
        match self.head_dim {
            Some(width) => size("head_dim", width)?,
            None => {
                check("num_heads", self.num_heads, "above `hidden_size`", |heads| {
                    heads <= self.hidden_size
                })?;
                multiple("hidden_size", self.hidden_size, "num_heads", self.num_heads)?;
            }
        }
        multiple("num_heads", self.num_heads, "num_kv_heads", self.kv_heads())?;
        let is_rotary = self.architecture.parts().positions == PositionKind::Rotary;
        if is_rotary && !self.head_dim().is_multiple_of(2) {
            return Err(TrainError::OddHeadDim {
                hidden_size: self.hidden_size,
                num_heads: self.num_heads,
                head_dim: self.head_dim(),
            });
        }
        check("dropout", self.dropout, "not at least 0 and below 1", is_decay)?;
        check("attention_dropout", self.attention_dropout, "not at least 0 and below 1", is_decay)?;
        if let Some((key, _)) = self.architecture_settings().find(|(_, is_used)| !is_used) {
            return Err(TrainError::NotOfArchitecture { key, architecture: self.architecture });
        }
        check_some("rope_theta", self.rope_theta, "not above 1", |theta| theta > 1.0)?;
        if let Some(scaling) = &self.rope_scaling {
            scaling.validate(self.head_dim())?;
        }
        check_some("rms_norm_eps", self.rms_norm_eps, "not above 0", |epsilon| epsilon > 0.0)?;
        check_some("layer_norm_eps", self.layer_norm_eps, "not above 0", |epsilon| epsilon > 0.0)
    }

    /// Checks the settings of the learning-rate schedule alone.
    ///
    /// # Errors
    /// The first of them that is out of its bounds, contradicts another or is of another kind.
    pub fn validate_schedule(&self) -> Result<(), TrainError> {
        positive("learning_rate", self.learning_rate)?;
        exclusive("min_lr", self.min_lr.is_some(), "min_lr_ratio", self.min_lr_ratio.is_some())?;
        check_some("min_lr", self.min_lr, "not within 0 and `learning_rate`", |min| {
            min >= 0.0 && min <= self.learning_rate
        })?;
        check_some("min_lr_ratio", self.min_lr_ratio, "not within 0 and 1", is_share)?;
        let warmup_ratio = self.warmup_ratio;
        exclusive(
            "warmup_steps",
            self.warmup_steps.is_some(),
            "warmup_ratio",
            warmup_ratio.is_some(),
        )?;
        check_some("warmup_ratio", warmup_ratio, "not within 0 and 1", is_share)?;
        let kind = self.schedule_kind();
        if self.optimizer.needs_constant_rate() && kind != ScheduleKind::CONSTANT {
            return Err(TrainError::NotConstant { optimizer: self.optimizer.name() });
        }
        let given = self.schedule_settings().into_iter();
        for (key, value) in given.filter_map(|(key, value)| Some((key, value?))) {
            let Some(setting) = kind.setting(key) else {
                return Err(TrainError::NotOfSchedule { key, schedule: kind });
            };
            check(key, value, setting.fault, setting.is_good)?;
        }
        Ok(())
    }

    fn validate_optimizer(&self) -> Result<(), TrainError> {
        let used = self.optimizer.keys();
        if let Some(key) = self.optimizer_settings().given().find(|key| !used.contains(key)) {
            return Err(TrainError::Unused { key, optimizer: self.optimizer.name() });
        }
        check("weight_decay", self.weight_decay, "below 0", |decay| decay >= 0.0)?;
        check("weight_decay", self.weight_decay, "above 1,000", |decay| decay <= 1e3)?;
        check_some("beta1", self.beta1, "not at least 0 and below 1", is_decay)?;
        if self.optimizer == OptimizerKind::ScheduleFreeAdamW {
            // The average is found by dividing by it.
            check_some("beta1", self.beta1, "below 0.001", |beta| beta >= 0.001)?;
        }
        check_some("beta2", self.beta2, "not at least 0 and below 1", is_decay)?;
        check_some("adam_eps", self.adam_eps, "not above 0", |epsilon| epsilon > 0.0)?;
        check_some("momentum", self.momentum, "not at least 0 and below 1", is_decay)?;
        if self.nesterov == Some(true) {
            let fault = "not above 0, as `nesterov` needs";
            check_some("momentum", self.momentum, fault, |momentum| momentum > 0.0)?;
        }
        check_some("decay_rate", self.decay_rate, "not at least -1 and below 0", |rate| {
            (-1.0..0.0).contains(&rate)
        })?;
        check_some("clip_threshold", self.clip_threshold, "not within 0.001 and 1,000", |limit| {
            (1e-3..=1e3).contains(&limit)
        })?;
        check("z_loss", self.z_loss, "not within 0 and 1", is_share)?;
        check_some("ema_decay", self.ema_decay, "not at least 0 and below 1", is_decay)?;
        if self.ema_decay.is_some() && self.optimizer == OptimizerKind::ScheduleFreeAdamW {
            return Err(TrainError::Unused { key: "ema_decay", optimizer: self.optimizer.name() });
        }
        check_some("max_grad_norm", self.max_grad_norm, "below 0", |limit| limit >= 0.0)
    }

    fn validate_parametrization(&self) -> Result<(), TrainError> {
        let base = [
            ("mup_base_width", self.mup_base_width),
            ("mup_base_num_heads", self.mup_base_num_heads),
        ];
        for (key, value) in base {
            if self.parametrization == Parametrization::Standard && value.is_some() {
                return Err(TrainError::NotOfStandard { key });
            }
            optional_size(key, value)?;
        }
        if self.parametrization == Parametrization::Mup && self.optimizer.width_rule().is_none() {
            return Err(TrainError::NoWidthRule { optimizer: self.optimizer.name() });
        }
        Ok(())
    }

    fn validate_batch(&self) -> Result<(), TrainError> {
        optional_size("batch_size", self.batch_size)?;
        optional_size("micro_batch_size", self.micro_batch_size)?;
        optional_size("gradient_accumulation_steps", self.gradient_accumulation_steps)?;
        self.batch().map(drop)
    }

    fn validate_length(&self) -> Result<(), TrainError> {
        self.length()?;
        check_some("max_steps", self.max_steps, "below 1", |steps| steps >= 1)?;
        check_some("train_tokens", self.train_tokens, "below 1", |tokens| tokens >= 1)?;
        check_some("num_epochs", self.num_epochs, "not above 0", |num_epochs| num_epochs > 0.0)?;
        check_some("eval_steps", self.eval_steps, "below 1", |steps| steps >= 1)?;
        check_some("save_steps", self.save_steps, "below 1", |steps| steps >= 1)?;
        check_some("eval_tokens", self.eval_tokens, "below 1", |tokens| tokens >= 1)
    }
}

/// A number that a setting may hold.
pub(super) trait Number: Copy + ToString {
    fn is_a_number(self) -> bool {
        true
    }
}

impl Number for usize {}
impl Number for u64 {}
impl Number for f64 {
    fn is_a_number(self) -> bool {
        self.is_finite()
    }
}

fn check<N: Number>(
    key: &'static str,
    value: N,
    fault: &'static str,
    is_good: impl Fn(N) -> bool,
) -> Result<(), TrainError> {
    let fault = if value.is_a_number() { fault } else { "not finite" };
    if value.is_a_number() && is_good(value) {
        return Ok(());
    }
    Err(TrainError::OutOfBounds { key, value: value.to_string(), fault })
}

pub(super) fn check_some<N: Number>(
    key: &'static str,
    value: Option<N>,
    fault: &'static str,
    is_good: impl Fn(N) -> bool,
) -> Result<(), TrainError> {
    value.map_or(Ok(()), |value| check(key, value, fault, is_good))
}

fn positive(key: &'static str, value: f64) -> Result<(), TrainError> {
    check(key, value, "not above 0", |value| value > 0.0)
}

fn size(key: &'static str, value: usize) -> Result<(), TrainError> {
    check(key, value, "not within 1 and 1,000,000", |size| (1..=MAX_SIZE).contains(&size))
}

pub(super) fn optional_size(key: &'static str, value: Option<usize>) -> Result<(), TrainError> {
    value.map_or(Ok(()), |value| size(key, value))
}

fn multiple(
    key: &'static str,
    value: usize,
    divisor_key: &'static str,
    divisor: usize,
) -> Result<(), TrainError> {
    if value.is_multiple_of(divisor) {
        return Ok(());
    }
    Err(TrainError::NotDivisible { key, value, divisor_key, divisor })
}

fn exclusive(
    key: &'static str,
    is_given: bool,
    other: &'static str,
    other_is_given: bool,
) -> Result<(), TrainError> {
    if is_given && other_is_given {
        return Err(TrainError::BothGiven { key, other });
    }
    Ok(())
}

fn is_share(value: f64) -> bool {
    (0.0..=1.0).contains(&value)
}

/// Whether it is below 1 also in the 32 bits that optimizers compute in.
fn is_decay(value: f64) -> bool {
    (0.0..1.0).contains(&(value as f32))
}
