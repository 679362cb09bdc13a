//! The settings of one training run, as a person writes them.

mod architecture;
mod base_model;
mod batch;
mod defaults;
mod fine_tuning;
mod length;
mod memory;
mod parametrization;
mod rope_scaling;
mod schedule;
mod size;
mod validate;

pub use architecture::Architecture;
pub use batch::Batch;
pub(crate) use fine_tuning::projection_names;
pub use fine_tuning::{FinetuningType, TargetModules};
pub(crate) use length::Volume;
pub use memory::MemoryEstimate;
pub use parametrization::Parametrization;
pub use rope_scaling::RopeScaling;

use serde::{Deserialize, Serialize};
use temper_optim::{CooldownType, OptimizerKind, OptimizerSettings, ScheduleKind};

use crate::{Device, Precision, TokenizerKind};

/// The settings of one training run: what `temper train config.toml` reads.
///
/// Every setting has a default except where to find text (`data`) and how long to train
/// (`max_steps`, `train_tokens` or `num_epochs`).
///
/// ```
/// use temper_train::TrainConfig;
///
/// let config = TrainConfig::from_toml("data = ['*.md']\nmax_steps = 100\nhidden_size = 64")?;
/// assert_eq!(config.num_heads, 4);
/// config.validate().expect("the defaults are valid");
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Globs of the files to train on (UTF-8), relative to the base folder: text, or `.jsonl`
    /// files, where all lines are one of `{"text": ...}` (a document, as a text file is one),
    /// `{"prompt": ..., "completion": ...}`, `{"prompt": ..., "label": ...}` and
    /// `{"messages": [{"role": ..., "content": ...}, ...]}`; other keys are passed over.
    pub data: Vec<String>,
    /// Globs of the files to evaluate on; empty: a part of `data` is held out.
    pub validation_data: Vec<String>,
    /// Share of `data` held out where `validation_data` is empty, above 0 and at most 0.5: the
    /// ends of texts, or whole examples, those whose content has the lowest hash.
    pub validation_fraction: f64,
    /// Whether prompts, or what others than the assistant say, are trained on and evaluated too;
    /// default: completions, labels and the assistant's messages alone.
    pub train_on_prompt: bool,
    /// Of `messages`: the Jinja template that makes them a text, or the path of its file; default:
    /// the checkpoint's, or else `ChatML`.
    pub chat_template: Option<String>,
    /// Whether the end of an example that is longer than `max_seq_length` is cut; default: it is
    /// an error. A label is never cut: such an example is left out.
    pub truncate: bool,
    /// Whether several whole examples share a sequence, without seeing each other.
    pub packing: bool,
    /// The labels that there are; default: those in `data`.
    pub labels: Vec<String>,

    /// A checkpoint to start from: a folder in Hugging Face's form or a `.gguf` file, relative to
    /// the base folder, or `hf://owner/name` on the Hugging Face hub, in builds with the feature
    /// `hf-hub`, perhaps with `@revision` or `/file.gguf`. The settings of the model's shape and the tokenizer are the checkpoint's.
    pub base_model: Option<String>,
    /// What of `base_model` is trained: all of it (`full`), low-rank adapters (`lora`) or its last
    /// layers (`last_layers`).
    pub finetuning_type: FinetuningType,
    /// Of `last_layers`: how many are trained, and with them the norm after them and an output
    /// layer of its own; default 2. Of `lora`: how many of the last are adapted; default: all.
    pub trained_layers: Option<usize>,
    /// Of `lora`: the rank of adapters; default 8.
    pub lora_rank: Option<usize>,
    /// Of `lora`: what adapters count by is this over their rank; default: twice the rank.
    pub lora_alpha: Option<f64>,
    /// Of `lora`: probability, below 1, that a feature is dropped where it enters an adapter;
    /// default 0.
    pub lora_dropout: Option<f64>,
    /// Of `lora`: the linear layers that are adapted, of `q_proj`, `k_proj`, `v_proj`, `o_proj`,
    /// `gate_proj`, `up_proj` and `down_proj`: a list, or one text with commas; default:
    /// `all-linear`, all of them.
    pub lora_target_modules: Option<TargetModules>,
    /// Of `lora`: whether adapters count by `lora_alpha` over the root of their rank (rsLoRA,
    /// Kalajdzievski 2023).
    pub use_rslora: bool,
    /// Of `lora`: whether the lengths of the weights' columns are trained apart from their
    /// directions (`DoRA`, Liu et al. 2024).
    pub use_dora: bool,

    /// How text becomes tokens: `bytes` or `bpe`.
    pub tokenizer: TokenizerKind,
    /// Tokens in the vocabulary; default 256 for `bytes` (the only value), 1,024 for `bpe`.
    pub vocab_size: Option<usize>,

    /// What kind of transformer the model is: `llama` or `gpt2`.
    pub architecture: Architecture,
    /// Width of the residual stream.
    pub hidden_size: usize,
    /// Number of transformer blocks.
    pub num_layers: usize,
    /// Number of query heads; divides `hidden_size`.
    pub num_heads: usize,
    /// Number of key and value heads; divides `num_heads`; default: `num_heads`.
    pub num_kv_heads: Option<usize>,
    /// Width of one head, even under rotary positions; default: `hidden_size` / `num_heads`.
    pub head_dim: Option<usize>,
    /// Width inside the MLP; default: 8/3 of `hidden_size`, rounded up to a multiple of 64; of
    /// `gpt2` 4 times `hidden_size`.
    pub intermediate_size: Option<usize>,
    /// Longest sequence the model sees, in tokens, and the length of every sequence of text to
    /// train on; examples are as long as they are.
    pub max_seq_length: usize,
    /// Whether the output layer shares the embedding's weights; otherwise it has its own.
    pub tie_word_embeddings: bool,
    /// Of `llama`: base of the rotary position encoding's wavelengths; default 10,000.
    pub rope_theta: Option<f64>,
    /// Of `llama`: how those wavelengths are stretched for long texts; default: not at all.
    pub rope_scaling: Option<RopeScaling>,
    /// Of `llama`: added to the mean square in the norms; default 1e-5.
    pub rms_norm_eps: Option<f64>,
    /// Of `gpt2`: added to the variance in the norms; default 1e-5.
    pub layer_norm_eps: Option<f64>,

    /// What follows `hidden_size` and how: `standard` or `mup`, under which a learning rate that
    /// suits a narrow model suits a wide one.
    pub parametrization: Parametrization,
    /// Of `mup`: the `hidden_size` at which it equals `standard`; default 128.
    pub mup_base_width: Option<usize>,
    /// Of `mup`: `num_heads` at that width; default `num_heads`. Give it where wider models have
    /// more heads, not wider ones.
    pub mup_base_num_heads: Option<usize>,
    /// Probability, below 1, that a feature of the embeddings or of what a part writes to the
    /// residual stream is dropped in training.
    pub dropout: f64,
    /// Probability, below 1, that a share of attention is dropped in training.
    pub attention_dropout: f64,

    /// Peak learning rate.
    pub learning_rate: f64,
    /// What the learning rate does after warmup: a [`ScheduleKind`]; default: `cosine` (falls to the
    /// minimum), but `constant` for `schedule_free_adamw`, which takes no other.
    pub lr_schedule: Option<ScheduleKind>,
    /// Lowest learning rate after warmup, where most schedules end; not together with
    /// `min_lr_ratio`.
    pub min_lr: Option<f64>,
    /// The same as a share of `learning_rate`; default 0.1, of `one_cycle` 4e-6.
    pub min_lr_ratio: Option<f64>,
    /// Optimizer steps of warmup; default 0; not together with `warmup_ratio`.
    pub warmup_steps: Option<usize>,
    /// The same as a share of all steps; default of `one_cycle` 0.3.
    pub warmup_ratio: Option<f64>,
    /// Of `cosine_with_restarts`: cosines from the peak to the last step; default 2.
    pub lr_num_cycles: Option<usize>,
    /// Of `polynomial`: the power of the rest of the run; default 1, a straight line.
    pub lr_power: Option<f64>,
    /// Of `exponential`: the factor of `lr_decay_steps` steps, in (0, 1]; default 0.1.
    pub lr_decay_rate: Option<f64>,
    /// Of `exponential`: optimizer steps of one factor; default: from the peak to the last step.
    pub lr_decay_steps: Option<usize>,
    /// Of `step`: optimizer steps from one drop to the next; default: a third of those from the
    /// peak to the last step.
    pub lr_step_size: Option<usize>,
    /// Of `step`: the factor of a drop, in (0, 1]; default 0.1.
    pub lr_gamma: Option<f64>,
    /// Of `inverse_sqrt`: optimizer steps from the peak to 1 / sqrt(2) of it; default: those of
    /// warmup, or 10,000 without one.
    pub lr_timescale: Option<usize>,
    /// Of `one_cycle`: the peak over the learning rate of the first step; default 25.
    pub lr_div_factor: Option<f64>,
    /// Of `warmup_stable_decay`: the share of all steps that is the cooldown, in (0, 1]; default
    /// 0.2.
    pub lr_cooldown_ratio: Option<f64>,
    /// Of `warmup_stable_decay`: the shape of the cooldown, `linear` or `1-sqrt`; default
    /// `linear`.
    pub lr_cooldown_type: Option<CooldownType>,
    /// What makes steps of gradients: `adamw`, `sgd`, `lion`, `adafactor`, `muon` or
    /// `schedule_free_adamw`.
    ///
    /// Learning rates differ: `lion`'s is 3 to 10 times smaller than `adamw`'s, `sgd`'s larger,
    /// and `adafactor`'s a share of the size of the weights.
    pub optimizer: OptimizerKind,
    /// Share of a weight that a step takes away, per unit of learning rate (decoupled, in all
    /// optimizers); norms and embeddings are not decayed.
    pub weight_decay: f64,
    /// Decay of the optimizer's mean of gradients, in [0, 1); default 0.9. For all but `sgd` and
    /// `adafactor`; above 0 for `schedule_free_adamw`.
    pub beta1: Option<f64>,
    /// Decay of the optimizer's mean of squared gradients, in [0, 1); default 0.95, and 0.99 for
    /// `lion`, where it is that of the mean that is kept. For the same optimizers as `beta1`.
    pub beta2: Option<f64>,
    /// Added to the denominator of the update; default 1e-8. For `adamw`, `muon` and
    /// `schedule_free_adamw`.
    pub adam_eps: Option<f64>,
    /// Decay of the sum of gradients, in [0, 1); default 0.9 for `sgd`, 0.95 for `muon`.
    pub momentum: Option<f64>,
    /// Whether a step looks ahead along the momentum; default: not for `sgd`, but for `muon`.
    pub nesterov: Option<bool>,
    /// Exponent, below 0, of the step in the weight of a new squared gradient; default -0.8. For
    /// `adafactor`.
    pub decay_rate: Option<f64>,
    /// Largest root mean square of an update before it is scaled, above 0; default 1. For
    /// `adafactor`.
    pub clip_threshold: Option<f64>,
    /// Weight of the penalty log^2 Z on the logits in training, where Z is what the softmax divides
    /// by; 0: none. Usual is 1e-4. Reported losses are without it.
    pub z_loss: f64,
    /// Decay of an exponential moving average of the weights, in [0, 1), which is evaluated in
    /// place of the weights themselves; default: no average. Not for `schedule_free_adamw`.
    pub ema_decay: Option<f64>,
    /// Longest the gradient may be (Euclidean norm over all parameters); default 1; 0: no limit.
    pub max_grad_norm: Option<f64>,

    /// Sequences per optimizer step = `micro_batch_size` x `gradient_accumulation_steps`; default
    /// 16 where `micro_batch_size` is not given either.
    pub batch_size: Option<usize>,
    /// Sequences per forward and backward pass; default: what the other two leave.
    pub micro_batch_size: Option<usize>,
    /// Passes per optimizer step; default: what the other two leave, else 1.
    pub gradient_accumulation_steps: Option<usize>,

    /// Length of training in optimizer steps; give exactly one of the three lengths.
    pub max_steps: Option<usize>,
    /// Length of training in trained tokens, rounded up to whole steps; of examples, whose steps
    /// differ, in as many steps as that takes on average.
    pub train_tokens: Option<u64>,
    /// Length of training in passes over the training data, rounded up to whole steps.
    pub num_epochs: Option<f64>,

    /// Optimizer steps between evaluations; default: a tenth of training. The last step always
    /// evaluates.
    pub eval_steps: Option<usize>,
    /// Optimizer steps between lines of the log and moves of the progress bar.
    pub log_steps: usize,
    /// Optimizer steps between checkpoints, where they are kept; default: only the last step saves,
    /// and one at which the run is stopped.
    pub save_steps: Option<usize>,
    /// Held-out tokens to evaluate on, from the start; default: all of them. Of examples, whole
    /// ones until they have as many trained tokens.
    pub eval_tokens: Option<u64>,
    /// What the text begins with that the model writes at each evaluation; default: nothing,
    /// and it goes on after a line end, unless `base_model` knows how a text begins.
    pub sample_prompt: Option<String>,
    /// Tokens of that text, at most; 0: no text; default: 64 where `sample_prompt` is given, or where
    /// `temper train` prints for people, and otherwise 0.
    pub sample_tokens: Option<usize>,
    /// Nats per token above the run's best smoothed training loss that are far above it; a run that
    /// stays there has diverged; 0: none has, unless its loss is no number.
    pub divergence_threshold: f64,
    /// Optimizer steps in a row that a run may stay there; default: a tenth of training, at least 100.
    pub divergence_steps: Option<usize>,
    /// What the device can do at most, in floating-point operations per second, to tell `mfu` by.
    pub peak_flops: Option<f64>,

    /// Seed of the initial weights and of the order of the data.
    pub seed: u64,
    /// What computes: `cpu`, `wgpu`, `cuda`, one of several as in `cuda:1`, or `auto`, the best that
    /// is there.
    pub device: Device,
    /// What products of matrices are computed in: `f32` or `bf16`, where the device has it. Weights,
    /// gradients, norms and losses are `f32` in either case.
    pub precision: Precision,
}

impl TrainConfig {
    /// Reads the settings from TOML; values are not checked against each other yet.
    ///
    /// # Errors
    /// The text is not TOML, a key is unknown, or a value has the wrong type.
    pub fn from_toml(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// The names of all settings, in alphabetical order.
    pub fn keys() -> Vec<String> {
        let settings = serde_json::to_value(TrainConfig::default())
            .expect("a struct of numbers and strings is representable in JSON");
        let settings = settings.as_object().expect("a struct serializes as a map");
        settings.keys().cloned().collect()
    }

    /// The kind of the learning-rate schedule.
    pub fn schedule_kind(&self) -> ScheduleKind {
        let needs_constant = self.optimizer.needs_constant_rate();
        let default =
            || if needs_constant { ScheduleKind::CONSTANT } else { ScheduleKind::default() };
        self.lr_schedule.unwrap_or_else(default)
    }

    /// The settings of the optimizer, whichever it is.
    pub fn optimizer_settings(&self) -> OptimizerSettings {
        OptimizerSettings {
            weight_decay: self.weight_decay,
            beta1: self.beta1,
            beta2: self.beta2,
            adam_eps: self.adam_eps,
            momentum: self.momentum,
            nesterov: self.nesterov,
            decay_rate: self.decay_rate,
            clip_threshold: self.clip_threshold,
        }
    }

    /// The longest the gradient may be, `None` where it is not clipped.
    pub fn clipping(&self) -> Option<f64> {
        Some(self.max_grad_norm.unwrap_or(1.0)).filter(|limit| *limit > 0.0)
    }
}

#[cfg(test)]
mod tests;
