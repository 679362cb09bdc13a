//! The examples of one run: those to train on and those held out.

use std::collections::BTreeSet;

use burn::tensor::Device;

use super::chat::ChatTemplate;
use super::draft::{Draft, drafts, label_set};
use super::example::{Encoded, Encoder, Example};
use super::hold_out::{hash, hold_out};
use super::jsonl::{Line, ensure_kind};
use super::order::rows_of_step;
use super::packing::pack;
use super::sequences::Sequences;
use super::tokenizer::Tokenizer;
use crate::config::{Batch, Volume};
use crate::pretrained::Words;
use crate::{TrainConfig, TrainError};

/// Examples to train on, in rows.
pub(crate) struct TrainExamples {
    examples: Vec<Example>,
    /// The numbers of the examples of each row: one, if they are not packed.
    rows: Vec<Vec<usize>>,
    /// Tokens of all examples that are trained on.
    trained: u64,
}

/// Examples to evaluate on.
pub(crate) struct HeldOutExamples {
    /// At least one, in the order of their lines.
    pub examples: Vec<Example>,
    /// The tokens of each label, with the end of text; empty where examples have none.
    pub labels: Vec<Vec<u32>>,
    /// Bytes of text that the trained tokens of the examples stand for.
    pub bytes: u64,
}

/// Both, and what was left out of them.
pub(super) struct Examples {
    pub train: TrainExamples,
    pub held_out: HeldOutExamples,
    pub tokenizer: Tokenizer,
    pub truncated: u64,
    pub dropped: u64,
}

/// Examples as text, in two parts that share none.
pub(super) struct Drafts {
    train: Vec<Draft>,
    held_out: Vec<Draft>,
    /// The setting that the examples to evaluate on are of.
    held_out_key: &'static str,
    labels: Vec<String>,
}

impl Drafts {
    /// The examples of the lines of `data` and `validation_data`; a file that both name is
    /// evaluated on, and without the latter a share of `data` is.
    ///
    /// # Errors
    /// The lines are of several kinds, a line can't be an example, or a part is empty.
    pub(super) fn new(
        config: &TrainConfig,
        template: &ChatTemplate,
        mut lines: Vec<Line>,
        validation: Vec<Line>,
    ) -> Result<Self, TrainError> {
        ensure_kind(lines[0].record.kind(), &validation)?;
        let labels = label_set(config, &lines)?;
        let given = !validation.is_empty();
        let held_out_key = if given { "validation_data" } else { "validation_fraction" };
        let evaluated: BTreeSet<_> = validation.iter().map(|line| &line.place.path).collect();
        lines.retain(|line| !evaluated.contains(&line.place.path));
        let mut train = drafts(lines, config, template, &labels)?;
        let mut held_out = drafts(validation, config, template, &labels)?;
        if !given {
            let hashes: Vec<u64> =
                train.iter().map(|draft| hash(draft.pieces.iter().map(|it| &*it.text))).collect();
            let mut chosen = hold_out(&hashes, config.validation_fraction).into_iter();
            (held_out, train) = train
                .into_iter()
                .partition(|_| chosen.next().is_some_and(|is_held_out| is_held_out));
        }
        ensure_some("data", &train)?;
        ensure_some(held_out_key, &held_out)?;
        Ok(Self { train, held_out, held_out_key, labels })
    }

    /// Whether the examples have labels.
    pub(super) fn has_labels(&self) -> bool {
        !self.labels.is_empty()
    }

    /// The same as tokens, of a tokenizer that is learned from what is trained on where it has to
    /// be learned.
    ///
    /// # Errors
    /// The tokenizer fails, an example is too long, or a part has nothing to learn left.
    pub(super) fn encode(
        &self,
        config: &TrainConfig,
        words: Option<&Words>,
    ) -> Result<Examples, TrainError> {
        let pieces = self.train.iter().flat_map(|draft| &draft.pieces);
        let texts: Vec<&str> = pieces.map(|piece| &*piece.text).collect();
        let tokenizer = Tokenizer::of_run(config, words, &texts)?;
        let label = |label: &String| tokenizer.encode(&[label]);
        let labels: Vec<Vec<u32>> = self.labels.iter().map(label).collect::<Result<_, _>>()?;
        let encoder = Encoder {
            tokenizer: &tokenizer,
            max_seq_length: config.max_seq_length,
            truncate: config.truncate,
            longest_label: labels.iter().map(Vec::len).max().unwrap_or(0),
        };
        let train = encoder.encode(&self.train)?;
        let held_out = encoder.encode(&self.held_out)?;
        ensure_some("data", &train.examples)?;
        ensure_some(self.held_out_key, &held_out.examples)?;
        Ok(Examples {
            truncated: train.truncated + held_out.truncated,
            dropped: train.dropped + held_out.dropped,
            train: TrainExamples::new(train, config),
            held_out: HeldOutExamples::new(held_out, labels, config.eval_tokens, &tokenizer),
            tokenizer,
        })
    }
}

impl TrainExamples {
    fn new(Encoded { examples, .. }: Encoded, config: &TrainConfig) -> Self {
        let rows = if config.packing {
            let lengths: Vec<usize> = examples.iter().map(Example::inputs).collect();
            pack(&lengths, config.max_seq_length)
        } else {
            (0..examples.len()).map(|example| vec![example]).collect()
        };
        let trained = examples.iter().map(Example::trained_tokens).sum();
        Self { examples, rows, trained }
    }

    /// How much there is, for batches of `batch_size` rows.
    pub(super) fn volume(&self, batch_size: usize) -> Volume {
        let rows = self.rows.len() as u64;
        let step = batch_size as u64;
        Volume { epoch: rows, step, step_tokens: step as f64 * self.trained as f64 / rows as f64 }
    }

    /// The rows of an optimizer step, pass by pass.
    pub(super) fn passes(
        &self,
        seed: u64,
        batch: Batch,
        step: u64,
        device: &Device,
    ) -> Vec<Sequences> {
        let numbers = rows_of_step(self.rows.len(), batch.size(), seed, step);
        let row = |number: &usize| -> Vec<&Example> {
            self.rows[*number].iter().map(|example| &self.examples[*example]).collect()
        };
        let rows: Vec<Vec<&Example>> = numbers.iter().map(row).collect();
        rows.chunks(batch.micro_batch_size).map(|rows| Sequences::lay(rows, device)).collect()
    }
}

impl HeldOutExamples {
    /// Whole examples from the start until they have `eval_tokens` to predict.
    fn new(
        Encoded { mut examples, .. }: Encoded,
        labels: Vec<Vec<u32>>,
        eval_tokens: Option<u64>,
        tokenizer: &Tokenizer,
    ) -> Self {
        let mut left = eval_tokens.unwrap_or(u64::MAX);
        let needed = examples.iter().take_while(|example| {
            let is_needed = left > 0;
            left = left.saturating_sub(example.trained_tokens());
            is_needed
        });
        examples.truncate(needed.count());
        let trained: Vec<u32> = examples
            .iter()
            .flat_map(|example| example.tokens.iter().zip(&example.trained))
            .filter_map(|(token, is_trained)| is_trained.then_some(*token))
            .collect();
        Self { examples, labels, bytes: tokenizer.bytes(&trained) }
    }
}

fn ensure_some<T>(key: &'static str, examples: &[T]) -> Result<(), TrainError> {
    match examples {
        [] => Err(TrainError::NoExamples { key }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
