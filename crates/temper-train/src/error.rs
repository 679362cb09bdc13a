//! What can go wrong before and while a model trains.

mod disk_full;
mod help;

use std::path::PathBuf;

use temper_optim::ScheduleKind;
use thiserror::Error;

use crate::{
    Architecture, CheckpointError, Device, FinetuningType, LineFault, LineKind, PretrainedError,
};

/// Why a run could not start or go on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A setting's value is out of its bounds.
    #[error("`{key}`: {value} is {fault}")]
    OutOfBounds {
        /// The setting.
        key: &'static str,
        /// Its value, as text.
        value: String,
        /// What the value is but should not be.
        fault: &'static str,
    },
    /// A setting is not a multiple of another.
    #[error("`{key}`: {value} is not a multiple of `{divisor_key}` {divisor}")]
    NotDivisible {
        /// The setting.
        key: &'static str,
        /// Its value.
        value: usize,
        /// The setting that must divide it.
        divisor_key: &'static str,
        /// That one's value.
        divisor: usize,
    },
    /// The width of a head is odd; rotary position encoding turns pairs.
    #[error(
        "`num_heads`: {num_heads} heads of `hidden_size` {hidden_size} are {head_dim} wide, \
         not even"
    )]
    OddHeadDim {
        /// Width of the residual stream.
        hidden_size: usize,
        /// Number of query heads.
        num_heads: usize,
        /// Width of one head.
        head_dim: usize,
    },
    /// Two settings that exclude each other are both given.
    #[error("`{key}` and `{other}` are both given")]
    BothGiven {
        /// The first of the two.
        key: &'static str,
        /// The second.
        other: &'static str,
    },
    /// A setting belongs to other learning-rate schedules than the chosen one.
    #[error("`{key}` is not used by lr_schedule = \"{schedule}\"")]
    NotOfSchedule {
        /// The setting.
        key: &'static str,
        /// The schedule.
        schedule: ScheduleKind,
    },
    /// A setting is given that the chosen optimizer doesn't use.
    #[error("`{key}`: optimizer `{optimizer}` does not use it")]
    Unused {
        /// The setting.
        key: &'static str,
        /// The name of the optimizer.
        optimizer: &'static str,
    },
    /// A setting is given that the chosen architecture does not have.
    #[error("`{key}` is not used by architecture = \"{}\"", architecture.name())]
    NotOfArchitecture {
        /// The setting.
        key: &'static str,
        /// The architecture.
        architecture: Architecture,
    },
    /// A setting of the maximal update parametrization is given without it.
    #[error("`{key}` is not used by parametrization = \"standard\"")]
    NotOfStandard {
        /// The setting.
        key: &'static str,
    },
    /// It is not known how the optimizer's learning rates follow the width.
    #[error("`parametrization`: optimizer `{optimizer}` has no rule for \"mup\"")]
    NoWidthRule {
        /// The name of the optimizer.
        optimizer: &'static str,
    },
    /// A setting is given that the pretrained checkpoint decides.
    #[error("`{key}`: it is that of `base_model`")]
    OfBaseModel {
        /// The setting.
        key: String,
    },
    /// There is no pretrained checkpoint to train a part of.
    #[error("`finetuning_type`: \"{}\" needs a `base_model`", finetuning_type.name())]
    NothingToFinetune {
        /// What should be trained of it.
        finetuning_type: FinetuningType,
    },
    /// A run that has no adapters was asked for them.
    #[error("the checkpoint has no adapters: its finetuning_type is \"{}\"", finetuning_type.name())]
    NoAdapters {
        /// What it trained.
        finetuning_type: FinetuningType,
    },
    /// A setting is given that belongs to other ways to fine-tune.
    #[error("`{key}` is not used by finetuning_type = \"{}\"", finetuning_type.name())]
    NotOfFinetuning {
        /// The setting.
        key: &'static str,
        /// What is trained.
        finetuning_type: FinetuningType,
    },
    /// The pretrained checkpoint can't be used.
    #[error("`base_model`: {source}")]
    Pretrained {
        /// Why not.
        #[from]
        source: PretrainedError,
    },
    /// A model can't be written in Hugging Face's form.
    #[error("{source}")]
    Export {
        /// Why not.
        source: PretrainedError,
    },
    /// Sequences are longer than the pretrained model can take.
    #[error("`max_seq_length`: {length} is above {positions}, the positions of `base_model`")]
    TooLong {
        /// Tokens of a sequence.
        length: usize,
        /// Tokens that the model can take.
        positions: usize,
    },
    /// The chosen optimizer needs a learning rate that stays constant after warmup.
    #[error("`lr_schedule`: optimizer `{optimizer}` needs `constant`")]
    NotConstant {
        /// The name of the optimizer.
        optimizer: &'static str,
    },
    /// The three batch settings contradict each other.
    #[error(
        "`batch_size`: {batch_size} is not `micro_batch_size` {micro_batch_size} times \
         `gradient_accumulation_steps` {gradient_accumulation_steps}"
    )]
    BatchDisagrees {
        /// Sequences per optimizer step.
        batch_size: usize,
        /// Sequences per pass.
        micro_batch_size: usize,
        /// Passes per optimizer step.
        gradient_accumulation_steps: usize,
    },
    /// Nothing says how long to train.
    #[error("none of `max_steps`, `train_tokens` and `num_epochs` is given")]
    NoLength,
    /// No globs of text files are given.
    #[error("`data` names no files")]
    NoGlobs,
    /// A glob is malformed.
    #[error("`{key}`: bad glob {pattern:?}")]
    BadGlob {
        /// The setting.
        key: &'static str,
        /// The glob.
        pattern: String,
        /// What is wrong with it.
        source: glob::PatternError,
    },
    /// The globs match no file with text.
    #[error("`{key}`: no text in the {matched} files of {patterns:?} ({skipped} not UTF-8)")]
    NoData {
        /// The setting.
        key: &'static str,
        /// The globs.
        patterns: Vec<String>,
        /// Files that the globs match.
        matched: usize,
        /// Matching files that are not UTF-8.
        skipped: usize,
    },
    /// The text is shorter than a single sequence.
    #[error("`{key}`: the text has {tokens} tokens, fewer than the {needed} needed")]
    TooLittleText {
        /// The setting that names the text.
        key: &'static str,
        /// Tokens in the text.
        tokens: usize,
        /// Tokens that a single sequence and its last target need.
        needed: usize,
    },
    /// Text files and `.jsonl` files are given.
    #[error("`data`: {} is text, and {} has examples", text.display(), jsonl.display())]
    MixedData {
        /// The first text file.
        text: PathBuf,
        /// The first `.jsonl` file.
        jsonl: PathBuf,
    },
    /// A line of a `.jsonl` file can't be used.
    #[error("{}:{line}: {fault}", path.display())]
    BadLine {
        /// The setting that names the file.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        fault: LineFault,
    },
    /// No example is left to train or evaluate on.
    #[error("`{key}`: no example is left")]
    NoExamples {
        /// The setting that names the examples.
        key: &'static str,
    },
    /// A setting is given that the data have no use for.
    #[error("`{key}` has no use: the data are {}", describe(*kind))]
    NotOfData {
        /// The setting.
        key: &'static str,
        /// What the lines are; `None`: text files.
        kind: Option<LineKind>,
    },
    /// The chat template is not Jinja.
    #[error("`chat_template`: {message}")]
    BadTemplate {
        /// What is wrong with it.
        message: String,
    },
    /// A file or folder could not be read.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The tokenizer could not be trained or used.
    #[error("the tokenizer failed")]
    Tokenizer {
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The checkpoint to go on from is at the end of the run or beyond.
    #[error("the checkpoint is of step {step}, and this run ends at step {total_steps}")]
    NoStepsLeft {
        /// Optimizer steps of the checkpoint.
        step: u64,
        /// Optimizer steps of the run.
        total_steps: u64,
    },
    /// The device was not compiled in.
    #[error("`device`: this build has no `{}`", device.kind())]
    DeviceNotBuilt {
        /// The device asked for.
        device: Device,
    },
    /// The device is compiled in, but this machine has none.
    #[error("`device`: {}", not_found(*device, *found))]
    DeviceNotFound {
        /// The device asked for.
        device: Device,
        /// How many there are of its kind.
        found: usize,
    },
    /// The device does not compute in the precision that is wanted.
    #[error("`precision`: `{device}` does not compute in bf16")]
    NoPrecision {
        /// The device.
        device: Device,
    },
    /// The device has too little memory for the run.
    #[error("the device has too little memory: {message}")]
    OutOfMemory {
        /// What the device says.
        message: String,
    },
    /// The device failed while it computed.
    #[error("the device failed: {message}")]
    DeviceFailed {
        /// What the device says.
        message: String,
    },
    /// A checkpoint could not be written or gone on from.
    #[error("checkpoint: {source}")]
    Checkpoint {
        /// Why not.
        #[from]
        source: CheckpointError,
    },
    /// The loss is no longer a finite number.
    #[error("the loss is {loss} at step {step}")]
    Diverged {
        /// The optimizer step, counted from 1, or the evaluation after it.
        step: u64,
        /// The loss, NaN or infinite, in nats per token.
        loss: f64,
    },
    /// The training loss has been far above its best for long.
    #[error(
        "the loss is {loss:.3} at step {step}: it has been more than {threshold} above its best, \
         {best:.3}, for {steps} steps"
    )]
    FarAboveBest {
        /// The optimizer step, counted from 1.
        step: u64,
        /// The loss of that step, in nats per token.
        loss: f64,
        /// The lowest smoothed loss so far, in nats per token.
        best: f64,
        /// What is far above it, in nats per token.
        threshold: f64,
        /// Optimizer steps in a row that were.
        steps: u64,
    },
}

impl TrainError {
    /// The setting that the error is about.
    pub fn key(&self) -> Option<&str> {
        match self {
            TrainError::OutOfBounds { key, .. }
            | TrainError::NotDivisible { key, .. }
            | TrainError::BothGiven { key, .. }
            | TrainError::NotOfSchedule { key, .. }
            | TrainError::Unused { key, .. }
            | TrainError::NotOfArchitecture { key, .. }
            | TrainError::NotOfStandard { key }
            | TrainError::NotOfFinetuning { key, .. }
            | TrainError::BadGlob { key, .. }
            | TrainError::NoData { key, .. }
            | TrainError::BadLine { key, .. }
            | TrainError::NoExamples { key }
            | TrainError::NotOfData { key, .. }
            | TrainError::TooLittleText { key, .. } => Some(key),
            TrainError::MixedData { .. } => Some("data"),
            TrainError::BadTemplate { .. } => Some("chat_template"),
            TrainError::Checkpoint { source: CheckpointError::OtherModel { key, .. } } => Some(key),
            TrainError::Checkpoint { source: CheckpointError::OtherBase } => Some("base_model"),
            TrainError::OfBaseModel { key } => Some(key),
            TrainError::Pretrained { .. } => Some("base_model"),
            TrainError::NothingToFinetune { .. } => Some("finetuning_type"),
            TrainError::TooLong { .. } => Some("max_seq_length"),
            TrainError::OddHeadDim { .. } => Some("num_heads"),
            TrainError::NotConstant { .. } => Some("lr_schedule"),
            TrainError::NoWidthRule { .. } => Some("parametrization"),
            TrainError::BatchDisagrees { .. } => Some("batch_size"),
            TrainError::NoGlobs => Some("data"),
            TrainError::DeviceNotBuilt { .. } | TrainError::DeviceNotFound { .. } => Some("device"),
            TrainError::NoPrecision { .. } => Some("precision"),
            TrainError::Diverged { .. } | TrainError::FarAboveBest { .. } => Some("learning_rate"),
            TrainError::NoLength
            | TrainError::Io { .. }
            | TrainError::Tokenizer { .. }
            | TrainError::NoAdapters { .. }
            | TrainError::NoStepsLeft { .. }
            | TrainError::Checkpoint { .. }
            | TrainError::Export { .. }
            | TrainError::OutOfMemory { .. }
            | TrainError::DeviceFailed { .. } => None,
        }
    }
}

fn describe(kind: Option<LineKind>) -> String {
    match kind {
        None | Some(LineKind::Text) => "documents".into(),
        Some(kind) => format!("lines of {kind}"),
    }
}

fn not_found(device: Device, found: usize) -> String {
    match found {
        0 => format!("no `{}` device was found", device.kind()),
        _ => format!("there is no `{device}`, only {found} of its kind"),
    }
}
