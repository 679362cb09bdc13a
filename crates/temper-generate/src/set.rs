//! What a model is asked in an evaluation: a JSON Lines file, read once and checked as a whole.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rand::seq::SliceRandom;

use crate::Item;

mod error;
mod fault;
mod line;

pub use error::SetError;
pub use fault::LineFault;

// Streams of the seed, so that the order within a part says nothing of how the set was split. They
// are away from those of `temper-core`, for the seed may be the study's.
const ORDER_STREAM: u64 = 1 << 61;
const SPLIT_STREAM: u64 = (1 << 61) + 1;

/// The items of an evaluation, at least one, in the order of their file.
#[derive(Clone, Debug, PartialEq)]
pub struct EvaluationSet {
    items: Vec<Item>,
}

impl EvaluationSet {
    /// Reads a JSON Lines file. Blank lines are passed over.
    ///
    /// A line has `prompt` (text) or `messages` (a list of `role` and `content`), and `answer` (a
    /// text, a number or a list of them). It may have an `id` (default: the number of the line), a
    /// `weight` (default: 1) and `choices` (a list of texts). Further texts and numbers are fields
    /// for templates; what is neither is passed over.
    ///
    /// # Errors
    ///
    /// If the file can't be read or is empty, or a line is not an item or repeats an id.
    pub fn read(path: &Path) -> Result<Self, SetError> {
        let bytes = fs::read(path)
            .map_err(|source| SetError::Unreadable { path: path.to_owned(), source })?;
        let text = str::from_utf8(&bytes).map_err(|error| {
            let good = &bytes[..error.valid_up_to()];
            let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
            SetError::BadLine { path: path.to_owned(), line, fault: LineFault::NotUtf8 }
        })?;
        Self::from_jsonl(text, path)
    }

    /// The set that `text` describes, line by line as in [`read`](Self::read); errors name `path`.
    ///
    /// # Errors
    ///
    /// If there is no line, or a line is not an item or repeats an id.
    pub fn from_jsonl(text: &str, path: &Path) -> Result<Self, SetError> {
        let mut items = Vec::new();
        let mut lines_by_id: BTreeMap<String, usize> = BTreeMap::new();
        for (line, text) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
            if text.trim().is_empty() {
                continue;
            }
            let bad = |fault| SetError::BadLine { path: path.to_owned(), line, fault };
            let item = line::parse(line, text).map_err(bad)?;
            if let Some(first) = lines_by_id.insert(item.id.clone(), line) {
                return Err(bad(LineFault::RepeatedId { id: item.id, first }));
            }
            items.push(item);
        }
        match items.is_empty() {
            true => Err(SetError::Empty { path: path.to_owned() }),
            false => Ok(Self { items }),
        }
    }

    /// The items, in the order of the file.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The indices of all items in an order that `seed` and the ids alone decide, so that the first
    /// ones are a fair sample, wherever they stand in the file.
    #[must_use]
    pub fn order(&self, seed: u64) -> Vec<usize> {
        self.shuffled(seed, ORDER_STREAM)
    }

    /// Divides the set into the items that a search may see and those held out from it, each in the
    /// order of the file. Which ones these are is decided by `seed` and the ids alone.
    ///
    /// # Errors
    ///
    /// If `held_out_fraction` is not between 0 and 1, or leaves one of the parts without an item.
    pub fn split(&self, held_out_fraction: f64, seed: u64) -> Result<(Self, Self), SetError> {
        let items = self.items.len();
        if !(held_out_fraction > 0.0 && held_out_fraction < 1.0) {
            return Err(SetError::BadFraction { held_out_fraction });
        }
        let held_out = (held_out_fraction * items as f64).round() as usize;
        if held_out == 0 || held_out == items {
            return Err(SetError::TooFewToSplit { held_out_fraction, items, held_out });
        }
        let order = self.shuffled(seed, SPLIT_STREAM);
        let (held_out, search) = order.split_at(held_out);
        Ok((self.part(search), self.part(held_out)))
    }

    fn shuffled(&self, seed: u64, stream: u64) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.items.len()).collect();
        order.sort_by_key(|index| &self.items[*index].id);
        order.shuffle(&mut temper_core::stream(seed, stream));
        order
    }

    fn part(&self, indices: &[usize]) -> Self {
        let mut indices = indices.to_vec();
        indices.sort_unstable();
        Self { items: indices.into_iter().map(|index| self.items[index].clone()).collect() }
    }
}

#[cfg(test)]
mod tests;
