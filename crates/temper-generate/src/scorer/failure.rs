//! Why an output has no score.

use crate::GenerateError;

/// Why an output has no score, though nothing is known against it. Each is one sentence for a
/// person.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ScoreFailure {
    /// The judge has no answer; whether others will have one is the reason's to say.
    #[error("the judge gave no answer: {0}")]
    Generate(#[from] GenerateError),
    /// The judge answered without a score on its scale.
    #[error(
        "the judge gave no score from {low} to {high}{}; it said {said:?}",
        cut_off.map(|at| format!(", cut off at `max_tokens` = {at}")).unwrap_or_default()
    )]
    NoScore {
        /// The worst score.
        low: f64,
        /// The best score.
        high: f64,
        /// The beginning of what it said.
        said: String,
        /// The bound in tokens at which its answer was cut off, if it was.
        cut_off: Option<u32>,
    },
    /// A program gave no score.
    #[error("`{program}` {problem}")]
    Program {
        /// The program.
        program: String,
        /// What it did.
        problem: String,
    },
}
