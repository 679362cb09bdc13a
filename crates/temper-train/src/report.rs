//! What a run says about itself, on the way and at its end.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Device;

/// Where a run begins.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Start {
    /// Optimizer steps completed before: 0, or those of the checkpoint that it goes on from.
    pub step: u64,
    /// Optimizer steps of the whole run.
    pub total_steps: u64,
    /// Trainable parameters of the model.
    pub parameters: u64,
}

/// How training goes, without an evaluation.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct StepReport {
    /// Optimizer steps completed.
    pub step: u64,
    /// Mean training loss since the last report of either kind, in nats per trained token.
    pub train_loss: f64,
    /// Learning rate of the last step.
    pub learning_rate: f64,
    /// Euclidean norm of the last step's gradient, before clipping.
    pub grad_norm: f64,
    /// Training tokens seen: those that the loss counts.
    pub tokens: u64,
    /// Training speed since the last report of either kind, in such tokens per second, evaluation
    /// not counted.
    pub tokens_per_second: f64,
    /// Operations that the model needs for that (Chowdhery et al. 2022, appendix B), per second.
    pub model_flops_per_second: f64,
    /// The same as a share of `peak_flops`, the model flops utilisation; `None` where that is not
    /// given.
    pub mfu: Option<f64>,
}

/// The state of a run after some optimizer steps.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Report {
    /// Optimizer steps completed.
    pub step: u64,
    /// Loss on the held-out text or examples, in nats per trained token.
    pub eval_loss: f64,
    /// exp(`eval_loss`): the perplexity per token.
    pub perplexity: f64,
    /// Mean training loss since the last evaluation, in nats per trained token.
    pub train_loss: f64,
    /// Learning rate of the last step.
    pub learning_rate: f64,
    /// Euclidean norm of the last step's gradient, before clipping.
    pub grad_norm: f64,
    /// Training tokens seen: those that the loss counts.
    pub tokens: u64,
    /// Training speed since the last evaluation, in such tokens per second, evaluation not counted.
    pub tokens_per_second: f64,
    /// Operations that the model needs for that (Chowdhery et al. 2022, appendix B), per second.
    pub model_flops_per_second: f64,
    /// The same as a share of `peak_flops`, the model flops utilisation; `None` where that is not
    /// given.
    pub mfu: Option<f64>,
    /// Loss on the held-out text in bits per byte: comparable between tokenizers.
    pub bits_per_byte: f64,
    /// Share of held-out examples, from 0 to 1, whose label is likelier after their prompt than any
    /// other; `None` where examples have no labels.
    pub accuracy: Option<f64>,
    /// The most memory that the process has held so far, in bytes, where the system says.
    pub peak_memory: Option<u64>,
    /// `sample_prompt` and what the model goes on with, where that is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
}

/// What came out of a run.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Loss on the held-out text at the last report, in nats per token; NaN if there was none.
    pub eval_loss: f64,
    /// The accuracy at the last report, where examples have labels.
    pub accuracy: Option<f64>,
    /// The last report, be it of an earlier attempt; `None` if there was none.
    pub report: Option<Report>,
    /// Optimizer steps completed, those before an interruption included.
    pub steps: u64,
    /// Training tokens seen.
    pub tokens: u64,
    /// Parameters of the model, without adapters.
    pub parameters: u64,
    /// Parameters that are trained: all of them, or those of adapters, or those of the last layers.
    pub trained_parameters: u64,
    /// What computed; never `auto`.
    pub device: Device,
    /// Whether the run was stopped before its last step.
    pub stopped_early: bool,
    /// Whether it ended before its last step because its evaluations no longer improved.
    pub out_of_patience: bool,
    /// Files that were skipped because they are not UTF-8.
    pub skipped_files: usize,
    /// Examples whose end was cut.
    pub truncated_examples: u64,
    /// Examples that were left out because nothing to learn is left of them.
    pub dropped_examples: u64,
    /// The step of the checkpoint that it went on from.
    pub resumed_at: Option<u64>,
    /// The checkpoint that was saved last.
    pub checkpoint: Option<PathBuf>,
    /// Checkpoints that were passed over because they are not whole.
    pub damaged_checkpoints: Vec<PathBuf>,
}
