//! The names of what an evaluation reports beside the scorers' metrics.

use temper_core::{ITEM, NOISE};

/// The metrics of every evaluation, each with what it is.
///
/// What is counted is of all answers so far, whether they were known before or not.
pub const METRICS: [(&str, &str); 9] = [
    ("latency", "median of the seconds that an answer took"),
    ("latency_p95", "the same, 95th percentile"),
    ("input_tokens", "tokens that were read, in total"),
    ("output_tokens", "tokens that were written, in total"),
    ("tokens", "both"),
    ("cost", "what they cost by the prices"),
    ("refusals", "answers that refuse to answer"),
    ("errors", "requests that the endpoint refused"),
    ("unscored", "answers that a judge or a command could not score"),
];

/// Metrics of what a trial has spent, whichever attempt it was: requests, tokens and money. Whoever runs
/// it reports them.
pub const SPENT: [&str; 3] = ["spent_requests", "spent_tokens", "spent_cost"];

/// Whether no scorer may have a metric of that name.
pub(crate) fn is_ours(name: &str) -> bool {
    let is_listed = METRICS.iter().any(|(metric, _)| *metric == name) || SPENT.contains(&name);
    is_listed || name == "step" || name.starts_with(ITEM) || name.ends_with(NOISE)
}
