//! What came of one item.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What came of one item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The item's name.
    pub id: String,
    /// How much it counts.
    pub weight: f64,
    /// The score of each metric that applies to the item and could be scored.
    pub scores: BTreeMap<String, Scored>,
    /// Its answers, one for each sample, but those that were refused.
    pub answers: Vec<Answered>,
    /// What was said of each request that was refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
    /// Each answer that could not be scored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unscored: Vec<Unscored>,
}

/// An answer that could not be scored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unscored {
    /// The metric that it has no score of.
    pub metric: String,
    /// Why.
    pub reason: String,
}

/// An item's score.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scored {
    /// The mean over its samples, from 0 to 1. A request that was refused counts as 0.
    pub mean: f64,
    /// The variance of that mean, as the samples show it; `None` with one sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variance: Option<f64>,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// What the model wrote.
    pub text: String,
    /// How long it took, in seconds.
    pub latency: f64,
    /// How many tokens it read, if that is known.
    pub input_tokens: Option<u64>,
    /// How many it wrote, if that is known.
    pub output_tokens: Option<u64>,
    /// Whether it is a refusal.
    pub refused: bool,
}

impl Scored {
    /// The mean of samples, at least one, and its variance.
    #[must_use]
    pub fn of(samples: &[f64]) -> Self {
        let count = samples.len() as f64;
        let mean = samples.iter().sum::<f64>() / count;
        let squares: f64 = samples.iter().map(|score| (score - mean).powi(2)).sum();
        let variance = (samples.len() > 1).then(|| squares / (count - 1.0) / count);
        Self { mean, variance }
    }
}
