//! How much memory a run needs, before it is started.

use serde::Serialize;
use temper_optim::OptimizerKind;

use crate::model::PositionKind;
use crate::{FinetuningType, TokenizerKind, TrainConfig, TrainError};

/// Bytes of a number and of a token.
const NUMBER: u64 = 4;

/// What the program holds before it has read anything: its own pages, the allocator's and the
/// threads'. Measured, with a model of 2,000 parameters.
const PROCESS: u64 = 14 << 20;

/// Bytes per byte of text while it is read: the text, its tokens, and those once more in a list
/// that has doubled as it grew.
const READING: u64 = 1 + NUMBER + 2 * NUMBER;

/// Tokens whose logits the fused loss holds at once (`fused/output_loss.rs`).
const LOGIT_TOKENS: u64 = 256;

/// Tensors of the size of all logits where the loss is not fused: the logits, and what the
/// logarithms of the probabilities and of their sum keep of them, two each; and three gradients.
const LOGIT_COPIES: u64 = 8;

/// Tensors of the size of all scores where attention is not fused: exponentials, shares, the mask
/// of the dropout, and what is left of the shares.
const SCORE_COPIES: u64 = 4;

/// What a run holds in memory on the CPU, in bytes, by what it is for.
#[derive(Serialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryEstimate {
    /// The program itself; the one part that is measured, not computed.
    pub process: u64,
    /// The data as tokens: at most one for each byte.
    pub data: u64,
    /// The tokens of a BPE by their text and the other way, and its merges.
    pub tokenizer: u64,
    /// What it takes to read the data, more than what stays; all else comes later.
    pub reading: u64,
    /// Weights, and tables of positions and of who sees whom.
    pub weights: u64,
    /// What the optimizer keeps of each weight.
    pub optimizer_state: u64,
    /// The average of the weights.
    pub average: u64,
    /// The gradients that a step ends with.
    pub gradients: u64,
    /// What the pass of one micro-batch keeps for its gradient.
    pub activations: u64,
    /// What else there is where the backward pass begins.
    pub backward: u64,
    /// What else there is where gradients are complete, and weights are changed.
    pub update: u64,
    /// Gradients of the passes before this one.
    pub accumulated: u64,
}

impl MemoryEstimate {
    /// The most that is held at once, without checkpoints.
    pub fn peak(&self) -> u64 {
        let kept = self.weights + self.optimizer_state + self.average;
        // While the backward pass goes, gradients take the place of activations: the most is held
        // at one of its ends.
        let begin = self.activations + self.backward;
        let end = self.gradients + self.update;
        let step = (self.accumulated + begin.max(end)).max(self.gradients + self.update);
        let always = self.process + self.tokenizer + self.data;
        always + (kept + step).max(self.reading)
    }

    /// The same where checkpoints are kept: weights and the optimizer's state are held thrice while
    /// they are packed.
    pub fn peak_with_checkpoints(&self) -> u64 {
        let kept = self.weights + self.optimizer_state + self.average;
        self.peak().max(self.process + self.tokenizer + self.data + 3 * kept)
    }
}

impl TrainConfig {
    /// What a run of these settings, completed by its checkpoint if it has one, holds in memory on
    /// the CPU, with `data_bytes` of data in 32 bits. Elsewhere the fused operations are chains of
    /// tensor operations, which keep more activations, and the device's kernels need room of their
    /// own: there it is a lower bound.
    ///
    /// Counted is what the code keeps until the gradient needs it; not what the allocator loses
    /// between blocks.
    ///
    /// # Errors
    /// The batch sizes disagree.
    pub fn estimated_memory(&self, data_bytes: u64) -> Result<MemoryEstimate, TrainError> {
        let batch = self.batch()?;
        let count = |number: usize| number as u64;
        let parameters = self.num_parameters();
        let seq = count(self.max_seq_length);
        let tokens = count(batch.micro_batch_size) * seq;
        let hidden = count(self.hidden_size);
        let intermediate = count(self.intermediate());
        let table = count(self.vocabulary()) * hidden;
        let layers = count(self.trained_layers());

        let is_rotary = self.architecture.parts().positions == PositionKind::Rotary;
        let trains_all = self.finetuning_type == FinetuningType::Full;
        let adapters = match self.finetuning_type {
            FinetuningType::Lora => self.num_trained_parameters(),
            FinetuningType::Full | FinetuningType::LastLayers => 0,
        };
        let turns = if is_rotary { seq * count(self.head_dim()) } else { 0 };
        // The embedding's gradient as an output layer, as an embedding, and their sum.
        let of_embedding = match (trains_all, self.tie_word_embeddings) {
            (false, _) => 0,
            (true, true) => 2 * table,
            (true, false) => table,
        };
        let largest = match self.finetuning_type {
            FinetuningType::Full => table.max(hidden * intermediate),
            FinetuningType::LastLayers => hidden * intermediate,
            FinetuningType::Lora => count(self.lora_rank()) * intermediate,
        };
        let update = match self.optimizer {
            // Five products of a matrix are held while it is made orthogonal (Jordan et al. 2024).
            OptimizerKind::Muon if trains_all => 5 * hidden * intermediate,
            _ => 2 * largest,
        };
        let trained = self.num_trained_parameters();
        let average = if self.ema_decay.is_some() { trained } else { 0 };
        let logits = if self.z_loss > 0.0 {
            LOGIT_COPIES * tokens * count(self.vocabulary())
        } else {
            LOGIT_TOKENS.min(tokens) * count(self.vocabulary())
        };
        // Gradient of an MLP's inside, of the activation's inputs and of the stream; or the logits,
        // which are gone by then.
        let inputs = if self.architecture.parts().activation.entry().is_gate() { 2 } else { 1 };
        let backward = ((1 + inputs) * tokens * intermediate + 2 * tokens * hidden).max(logits);
        let numbers = MemoryEstimate {
            data: data_bytes,
            weights: parameters + adapters + seq * seq + turns,
            optimizer_state: self.state_numbers(),
            average,
            gradients: trained,
            activations: layers * self.layer_activations(tokens) + 3 * tokens * hidden,
            backward: backward + if trains_all { table } else { 0 },
            // An average is made anew beside the old one, when the gradients are gone.
            update: update.max(of_embedding).max(average.saturating_sub(trained)),
            accumulated: if batch.gradient_accumulation_steps > 1 { trained } else { 0 },
            ..MemoryEstimate::default()
        };
        Ok(MemoryEstimate {
            process: PROCESS,
            tokenizer: self.tokenizer_bytes(),
            reading: (READING - NUMBER) * data_bytes,
            ..numbers.times(NUMBER)
        })
    }

    /// Bytes of a BPE of as many merges as tokens.
    fn tokenizer_bytes(&self) -> u64 {
        if self.base_model.is_none() && self.tokenizer == TokenizerKind::Bytes {
            return 0;
        }
        let tokens = self.vocabulary() as u64;
        // hashbrown's tables are a power of two, at most 7/8 full, with a byte for each place.
        let places = (tokens * 8).div_ceil(7).next_power_of_two();
        // Text to token, token to text: a `String` and an integer, 32 bytes; pair to pair: 16.
        let tables = places * (2 * (32 + 1) + (16 + 1));
        // The texts, twice, each in malloc's smallest block (glibc: 32 bytes).
        tables + tokens * 2 * 32
    }

    /// Numbers that a layer keeps of so many tokens.
    fn layer_activations(&self, tokens: u64) -> u64 {
        let parts = self.architecture.parts();
        let hidden = self.hidden_size as u64;
        let width = (self.num_heads * self.head_dim()) as u64;
        let kv_width = (self.kv_heads() * self.head_dim()) as u64;
        // What is normed, and what comes of it, which the linear layers keep too.
        let norms = 2 * 2 * hidden;
        // Queries, keys, values, output, and the logarithm of each row's sum.
        let attention = 2 * width + 2 * kv_width + self.num_heads as u64;
        let inside = self.intermediate() as u64
            * if parts.activation.entry().is_gate() {
                // Gate, up, and their product.
                3
            } else {
                // The input and the output.
                2
            };
        let dropout = if self.dropout > 0.0 { 2 * hidden } else { 0 };
        let scores = if self.attention_dropout > 0.0 {
            // And queries and keys before and after their turns.
            SCORE_COPIES * (self.num_heads * self.max_seq_length) as u64 + 2 * (width + kv_width)
        } else {
            0
        };
        tokens * (norms + attention + inside + dropout + scores + self.adapter_activations())
    }

    /// Numbers that the adapters of a layer keep of a token.
    fn adapter_activations(&self) -> u64 {
        if self.finetuning_type != FinetuningType::Lora {
            return 0;
        }
        let targets = self.lora_targets();
        let adapted = self.projections().into_iter().filter(|(name, _)| targets.contains(name));
        let has_dropout = self.lora_dropout.is_some_and(|probability| probability > 0.0);
        let numbers = adapted.map(|(_, [inputs, outputs])| {
            // Between A and B, before and after the scale; the mask and what it leaves; with lengths,
            // what is multiplied by them.
            2 * self.lora_rank() as u64
                + if has_dropout { 2 * inputs } else { 0 }
                + if self.use_dora { 2 * outputs } else { 0 }
        });
        numbers.sum()
    }

    /// Numbers that the optimizer keeps.
    fn state_numbers(&self) -> u64 {
        let parameters = self.num_trained_parameters();
        let is_lora = self.finetuning_type == FinetuningType::Lora;
        let shorter_side = if is_lora { self.lora_rank() } else { self.hidden_size };
        match self.optimizer {
            // Two means; z and a mean.
            OptimizerKind::AdamW | OptimizerKind::ScheduleFreeAdamW => 2 * parameters,
            OptimizerKind::Sgd if self.momentum == Some(0.0) => 0,
            OptimizerKind::Sgd | OptimizerKind::Lion => parameters,
            // A mean for each row and each column.
            OptimizerKind::Adafactor => 2 * (parameters / shorter_side.max(1) as u64),
            // One sum for hidden matrices, and the two of `AdamW` for the rest.
            OptimizerKind::Muon => parameters + self.outside_layers(),
        }
    }

    /// Numbers of embeddings and of the output layer, where they are trained.
    fn outside_layers(&self) -> u64 {
        let vocabularies = match (self.finetuning_type, self.tie_word_embeddings) {
            (FinetuningType::Lora, _) | (FinetuningType::LastLayers, true) => 0,
            (FinetuningType::Full, true) | (FinetuningType::LastLayers, false) => 1,
            (FinetuningType::Full, false) => 2,
        };
        vocabularies * (self.vocabulary() * self.hidden_size) as u64
    }
}

impl MemoryEstimate {
    fn times(self, bytes: u64) -> MemoryEstimate {
        let MemoryEstimate {
            process,
            data,
            tokenizer,
            reading,
            weights,
            optimizer_state,
            average,
            gradients,
            activations,
            backward,
            update,
            accumulated,
        } = self;
        MemoryEstimate {
            process,
            data: data * bytes,
            tokenizer,
            reading,
            weights: weights * bytes,
            optimizer_state: optimizer_state * bytes,
            average: average * bytes,
            gradients: gradients * bytes,
            activations: activations * bytes,
            backward: backward * bytes,
            update: update * bytes,
            accumulated: accumulated * bytes,
        }
    }
}
