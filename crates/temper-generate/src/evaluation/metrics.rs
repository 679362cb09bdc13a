//! The names of what an evaluation reports beside the scorers' metrics.

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

/// Stands before the name of a metric for its value at the last item alone.
pub const ITEM: &str = "item_";

/// Stands after the name of a metric for the standard deviation that its value would have if all
/// items were sampled again: known where there are several samples, or greedy ones.
pub const NOISE: &str = "_noise";

/// Metrics of what a trial has spent, which the command line reports.
const SPENT: [&str; 3] = ["spent_tokens", "spent_cost", "spent_requests"];

/// Whether no scorer may have a metric of that name.
pub(crate) fn is_ours(name: &str) -> bool {
    let is_listed = METRICS.iter().any(|(metric, _)| *metric == name) || SPENT.contains(&name);
    is_listed || name == "step" || name.starts_with(ITEM) || name.ends_with(NOISE)
}
