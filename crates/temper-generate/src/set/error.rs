//! Why there is no evaluation set.

use std::io;
use std::path::PathBuf;

use super::LineFault;

/// Why an evaluation set can't be read or divided.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetError {
    /// The file can't be read.
    #[error("evaluation set {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It has no lines but blank ones.
    #[error("evaluation set {} is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A line is not an item.
    #[error("{}, line {line}: {fault}", path.display())]
    BadLine {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        fault: LineFault,
    },
    /// The fraction to hold out is not one.
    #[error("held-out fraction {held_out_fraction} is not above 0 and below 1")]
    BadFraction {
        /// The fraction.
        held_out_fraction: f64,
    },
    /// One of the parts would be empty.
    #[error(
        "held-out fraction {held_out_fraction} of {items} items is {held_out}, \
         which leaves none on one side"
    )]
    TooFewToSplit {
        /// The fraction.
        held_out_fraction: f64,
        /// How many there are.
        items: usize,
        /// How many would be held out.
        held_out: usize,
    },
}

impl SetError {
    /// What may mend it, in one sentence.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            SetError::Unreadable { .. } => "correct the path, or make the file readable",
            SetError::Empty { .. } => {
                "write one item a line: {\"prompt\": \"...\", \"answer\": \"...\"}"
            }
            SetError::BadLine { fault, .. } => fault.help(),
            SetError::BadFraction { .. } => "hold out 0.2, say",
            SetError::TooFewToSplit { .. } => "add items, or change the fraction",
        }
    }
}
