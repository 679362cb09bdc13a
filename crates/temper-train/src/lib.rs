//! A trainer of decoder-only language models on burn.
//!
//! [`Run`] is the training loop, [`TrainConfig`] its settings, [`Report`] what it says on the way,
//! [`Summary`] what came out, and [`Checkpoints`] what it goes on from. Read the loop in `train.rs` first; from there,
//!
//! - `data` turns files into token sequences: text by windows, examples one by one or packed;
//! - `model` is the transformer, one file per part;
//! - `fused` is what the CPU computes by hand, with its gradients;
//! - `pretrained` reads and writes checkpoints of others, and generates text;
//! - `evaluate` scores the held-out text or examples;
//! - `rng` is the one place randomness comes from.
//!
//! The trainer knows nothing of tuning: whoever tunes watches the reports.

mod allocator;
mod checkpoint;
mod config;
mod data;
mod device;
mod error;
mod evaluate;
mod fused;
mod memory;
mod model;
mod pretrained;
mod progress;
mod report;
mod rng;
mod train;

pub use allocator::keep_freed_memory;
pub use checkpoint::{CheckpointError, Checkpoints};
pub use config::{Architecture, Batch, Parametrization, RopeScaling, TrainConfig};
pub use data::{LineFault, LineKind, TokenizerKind};
pub use device::{Device, FoundDevice, NotADevice};
pub use error::TrainError;
pub use pretrained::{Precision, PretrainedError, PretrainedModel, Sampling};
pub use report::{Report, Summary};
pub use temper_optim::{CooldownType, OptimizerKind, Schedule, ScheduleKind};
pub use train::{Run, train};
