//! Examples as text: what is read, and what is learned.

use std::collections::BTreeSet;

use super::chat::ChatTemplate;
use super::fault::LineFault;
use super::jsonl::{Line, Place, Record};
use crate::{TrainConfig, TrainError};

/// An example before its text becomes tokens.
pub(super) struct Draft {
    pub place: Place,
    pub pieces: Vec<Piece>,
    /// Whether the end-of-text token follows, and is trained on.
    pub ends: bool,
    /// The number of its label among all.
    pub label: Option<usize>,
}

/// A stretch of an example's text.
#[derive(Debug, PartialEq)]
pub(super) struct Piece {
    pub text: String,
    pub is_trained: bool,
}

impl Piece {
    /// A stretch that is seen, not predicted.
    pub(super) fn read(text: &str) -> Piece {
        Piece { text: text.to_owned(), is_trained: false }
    }

    /// A stretch that is to be predicted.
    pub(super) fn trained(text: &str) -> Piece {
        Piece { text: text.to_owned(), is_trained: true }
    }
}

/// The examples of lines that are no documents.
///
/// # Errors
/// A label is none of `labels`, or the chat template fails on a line.
pub(super) fn drafts(
    lines: Vec<Line>,
    config: &TrainConfig,
    template: &ChatTemplate,
    labels: &[String],
) -> Result<Vec<Draft>, TrainError> {
    lines
        .into_iter()
        .map(|Line { place, record }| {
            let (mut pieces, ends, label) = match record {
                Record::Text(text) => (vec![Piece::trained(&text)], true, None),
                Record::Completion { prompt, completion } => {
                    (vec![Piece::read(&prompt), Piece::trained(&completion)], true, None)
                }
                Record::Labelled { prompt, label } => {
                    let Some(number) = labels.iter().position(|known| *known == label) else {
                        let labels = labels.to_vec();
                        return Err(place.error(LineFault::UnknownLabel { label, labels }));
                    };
                    (vec![Piece::read(&prompt), Piece::trained(&label)], true, Some(number))
                }
                Record::Messages(messages) => {
                    // The template says how a turn ends.
                    let pieces = template.pieces(&messages);
                    (pieces.map_err(|fault| place.error(fault))?, false, None)
                }
            };
            if config.train_on_prompt {
                pieces.iter_mut().for_each(|piece| piece.is_trained = true);
            }
            Ok(Draft { place, pieces, ends, label })
        })
        .collect()
}

/// All labels: those of the settings, or else those of the lines of `data`, in order.
///
/// # Errors
/// There are fewer than two, so that nothing is to be told apart.
pub(super) fn label_set(config: &TrainConfig, lines: &[Line]) -> Result<Vec<String>, TrainError> {
    if !config.labels.is_empty() {
        return Ok(config.labels.clone());
    }
    let found: BTreeSet<&String> = lines
        .iter()
        .filter_map(|line| match &line.record {
            Record::Labelled { label, .. } => Some(label),
            _ => None,
        })
        .collect();
    if found.len() == 1 {
        let value = format!("{found:?}");
        return Err(TrainError::OutOfBounds {
            key: "labels",
            value,
            fault: "fewer than two labels",
        });
    }
    Ok(found.into_iter().cloned().collect())
}
