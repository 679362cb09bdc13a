//! What may mend an error.

use temper_optim::{OptimizerKind, ScheduleKind};

use super::TrainError;
use crate::config::projection_names;
use crate::{Architecture, CheckpointError};

impl TrainError {
    /// What may mend it, in one sentence.
    pub fn help(&self) -> Option<String> {
        let help = match self {
            TrainError::BothGiven { key, other } => format!("remove `{key}` or `{other}`"),
            TrainError::NotOfSchedule { key, .. } => {
                let users = ScheduleKind::all().filter(|kind| kind.setting(key).is_some());
                let users: Vec<_> = users.map(|kind| format!("lr_schedule = \"{kind}\"")).collect();
                format!("remove `{key}`, or use {}", users.join(" or "))
            }
            TrainError::Unused { key: "ema_decay", .. } => {
                "remove it: the optimizer evaluates an average already".into()
            }
            TrainError::Unused { key, .. } => unused_help(key),
            TrainError::NotOfArchitecture { key, architecture } => {
                let others = Architecture::ALL.into_iter().filter(|other| other != architecture);
                let others: Vec<_> =
                    others.map(|other| format!("architecture = \"{}\"", other.name())).collect();
                format!("remove `{key}`, or use {}", others.join(" or "))
            }
            TrainError::NotOfStandard { key } => {
                format!("remove `{key}`, or use parametrization = \"mup\"")
            }
            TrainError::NoWidthRule { .. } => {
                let users = OptimizerKind::ALL.into_iter();
                let users = users.filter(|kind| kind.width_rule().is_some());
                let users: Vec<_> = users.map(OptimizerKind::name).collect();
                format!("remove it, or use an optimizer that has one: {}", users.join(", "))
            }
            TrainError::NotDivisible { key, divisor_key, .. } => {
                format!("change `{key}` or `{divisor_key}`")
            }
            TrainError::OddHeadDim { .. } => {
                "rotary positions turn pairs of features: change `num_heads` or `hidden_size`, or use \
                 architecture = \"gpt2\""
                    .into()
            }
            TrainError::OfBaseModel { key } => format!("remove `{key}` or `base_model`"),
            TrainError::NothingToFinetune { .. } => {
                "name the checkpoint to start from, or remove `finetuning_type`".into()
            }
            TrainError::NoStepsLeft { step, .. } => {
                format!("steps count from the first run on: train longer, to beyond step {step}")
            }
            TrainError::NoAdapters { .. } => "export the whole model".into(),
            TrainError::NotOfFinetuning { key: "trained_layers", .. } => {
                "remove it, or use finetuning_type = \"last_layers\" or \"lora\"".into()
            }
            TrainError::NotOfFinetuning { key, .. } => {
                format!("remove `{key}`, or use finetuning_type = \"lora\"")
            }
            TrainError::OutOfBounds { key: "lora_target_modules", .. } => {
                format!("name some of these: {}", projection_names())
            }
            TrainError::Pretrained { source } | TrainError::Export { source } => return source.help(),
            TrainError::TooLong { positions, .. } => {
                format!("give a `max_seq_length` of at most {positions}")
            }
            TrainError::NotConstant { .. } => {
                "remove it: the average of weights takes the place of a schedule".into()
            }
            TrainError::BatchDisagrees { .. } => "give two of the three; the third follows".into(),
            TrainError::NoLength => "say how long to train, for example max_steps = 1000".into(),
            TrainError::NoGlobs => {
                "name the text to train on, for example data = [\"*.txt\"]".into()
            }
            TrainError::NoData { skipped: 1.., .. } => "convert those files to UTF-8".into(),
            TrainError::NoData { matched: 1.., .. } => "give files with text in them".into(),
            TrainError::NoData { .. } => {
                "globs are relative to the folder of the configuration; `**` matches folders".into()
            }
            TrainError::OutOfBounds { key: "labels", .. } => {
                "name each label that there is once, or remove `labels` to take those in `data`"
                    .into()
            }
            TrainError::MixedData { .. } => {
                "name only text files, or only .jsonl files; a document is {\"text\": \"...\"} in \
                 those"
                    .into()
            }
            TrainError::BadLine { fault, .. } => fault.help().into(),
            TrainError::NoExamples { .. } => {
                "give more examples, or a larger `max_seq_length` where `truncate` left out all"
                    .into()
            }
            TrainError::NotOfData { key, .. } => format!("remove `{key}`"),
            TrainError::BadTemplate { .. } => {
                "give a Jinja template, or the path of a file with one".into()
            }
            TrainError::TooLittleText { key: "data", .. } => {
                "give more text or a smaller `max_seq_length`".into()
            }
            TrainError::TooLittleText { .. } => "give more text to evaluate on".into(),
            TrainError::DeviceNotBuilt { device } => {
                let kind = device.kind();
                format!("build with the cargo feature `{kind}`, or use device = \"cpu\"")
            }
            TrainError::DeviceNotFound { found: 0, .. } => {
                "install its driver, or use device = \"cpu\"".into()
            }
            TrainError::DeviceNotFound { found, .. } => {
                format!("they are numbered from 0: give a number below {found}")
            }
            TrainError::NoPrecision { .. } => {
                "use precision = \"f32\", or another device".into()
            }
            TrainError::OutOfMemory { .. } => {
                "try a smaller `micro_batch_size`, `max_seq_length` or model".into()
            }
            TrainError::Checkpoint { source: CheckpointError::OtherModel { .. } } => {
                "set it to what it was, or start from scratch".into()
            }
            TrainError::Checkpoint { source: CheckpointError::InUse { .. } } => {
                "wait for that run, or choose another folder".into()
            }
            TrainError::Checkpoint { source: CheckpointError::OtherBase } => {
                "name the one it had, or start from scratch".into()
            }
            TrainError::Checkpoint { source: CheckpointError::Damaged { .. } } => {
                "remove it to begin from scratch, or name another".into()
            }
            TrainError::Checkpoint { source: CheckpointError::NoneWhole { .. } } => {
                "remove them to begin from scratch, or name another folder".into()
            }
            TrainError::Diverged { .. } => {
                "try a lower `learning_rate`, a longer warmup or a smaller `max_grad_norm`".into()
            }
            TrainError::FarAboveBest { .. } => {
                "try a lower `learning_rate` or a longer warmup, or wait with a larger \
                 `divergence_steps`"
                    .into()
            }
            TrainError::OutOfBounds { key: "divergence_steps", .. } => {
                "give at least 1, and a `divergence_threshold` above 0, or remove it".into()
            }
            TrainError::OutOfBounds { key: "sample_prompt", .. } => {
                "remove it, or give a `sample_tokens` above 0".into()
            }
            _ => return None,
        };
        Some(help)
    }
}

fn unused_help(key: &str) -> String {
    let users = OptimizerKind::ALL.into_iter().filter(|kind| kind.keys().contains(&key));
    let users: Vec<_> = users.map(OptimizerKind::name).collect();
    format!("remove it, or use an optimizer that has it: {}", users.join(", "))
}
