//! From files to token sequences on the device.
//!
//! `files` tells text from examples. Text goes through corpus, split and sequences; examples
//! through jsonl, chat, draft (as text), example (as tokens), packing, order and rows.

mod chat;
mod corpus;
mod dataset;
mod draft;
mod example;
mod examples;
mod fault;
mod files;
mod hold_out;
mod jsonl;
mod order;
mod packing;
mod rows;
mod sequences;
mod split;
mod tokenizer;

pub(crate) use chat::{ChatDefaults, ChatTemplate};
pub(crate) use dataset::{Dataset, HeldOut, HeldOutText, Train};
pub(crate) use example::Example;
pub(crate) use examples::HeldOutExamples;
pub use fault::LineFault;
pub use jsonl::Kind as LineKind;
pub(crate) use sequences::Sequences;
#[cfg(test)]
pub(crate) use sequences::random_starts;
pub(crate) use tokenizer::Tokenizer;
pub use tokenizer::TokenizerKind;
