//! What a model answers.

use serde::{Deserialize, Serialize};

/// What a model answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Completion {
    /// What it wrote.
    pub text: String,
    /// How many tokens it read, if that is known.
    pub input_tokens: Option<u64>,
    /// How many tokens it wrote, if that is known.
    pub output_tokens: Option<u64>,
    /// How long that took, in seconds, without failed attempts and waits.
    pub latency: f64,
    /// Why the answer ends, such as `stop` or `length`, if that is known.
    pub finish_reason: Option<String>,
    /// Whether the model or its keeper refused to answer, as the endpoint says.
    #[serde(default)]
    pub refused: bool,
}
