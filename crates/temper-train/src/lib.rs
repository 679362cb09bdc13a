//! A trainer of decoder-only language models on burn.
//!
//! [`Run`] is the training loop, [`TrainConfig`] its settings, [`Report`] what it says on the way to
//! an [`Observer`], [`Summary`] what came out, and [`Checkpoints`] what it goes on from. Read the loop in `train.rs` first; from there,
//!
//! - `data` turns files into token sequences: text by windows, examples one by one or packed;
//! - `model` is the transformer, one file per part;
//! - `fused` is what the CPU computes by hand, with its gradients;
//! - `pretrained` reads and writes checkpoints of others, and generates text;
//! - `evaluate` scores the held-out text or examples, and `sample` lets the model write;
//! - `divergence` says when a run has failed, `flops` what it costs;
//! - `rng` is the one place randomness comes from.
//!
//! The trainer knows nothing of tuning: whoever tunes watches the reports.

mod allocator;
mod best;
mod checkpoint;
mod config;
mod data;
mod default_device;
mod device;
mod divergence;
mod error;
mod evaluate;
mod flops;
mod fused;
mod memory;
mod model;
mod observer;
mod pretrained;
mod progress;
mod report;
mod rng;
mod sample;
mod threads;
mod train;

pub use allocator::keep_freed_memory;
pub use best::{BestBy, NotAMetric, Patience};
pub use checkpoint::{CheckpointError, Checkpoints};
pub use config::{
    Architecture, Batch, FinetuningType, MemoryEstimate, Parametrization, RopeScaling,
    TargetModules, TrainConfig,
};
pub use data::{LineFault, LineKind, TokenizerKind};
pub use default_device::read_to_the_cpu;
pub use device::{Device, FoundDevice, NotADevice};
pub use error::TrainError;
pub use model::Precision;
pub use observer::Observer;
pub use pretrained::{
    ChatMessage, Ended, GenerationDefaults, PretrainedError, PretrainedModel, Sampling, TextPrompt,
    WeightType, Written, is_on_hub,
};
pub use report::{Report, Start, StepReport, Summary};
pub use temper_optim::{CooldownType, OptimizerKind, Schedule, ScheduleKind};
pub use threads::compute_on_this_thread;
pub use train::{Row, Run, export, export_adapter, export_initial, rows_of_steps, train};
