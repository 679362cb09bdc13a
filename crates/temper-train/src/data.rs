//! From files to token sequences on the device.

mod corpus;
mod dataset;
mod sequences;
mod split;
mod tokenizer;

pub(crate) use dataset::{Dataset, HeldOut};
pub(crate) use sequences::{Sequences, random_starts};
pub use tokenizer::TokenizerKind;
