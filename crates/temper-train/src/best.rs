//! Which evaluation of a run is its best.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Report;

/// What evaluations are compared by, and which value of it is the best.
///
/// ```
/// use temper_train::BestBy;
///
/// assert_eq!("eval_loss".parse(), Ok(BestBy::EVAL_LOSS));
/// assert_eq!("eval_loss:minimize".parse(), Ok(BestBy::EVAL_LOSS));
/// assert_eq!("accuracy".parse::<BestBy>()?.to_string(), "accuracy:maximize");
/// # Ok::<(), temper_train::NotAMetric>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BestBy {
    metric: Metric,
    is_highest: bool,
}

/// A number of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Metric {
    EvalLoss,
    Accuracy,
    BitsPerByte,
    TrainLoss,
    TokensPerSecond,
}

/// All of them with their names, and whether they are usually wanted high.
const METRICS: [(&str, Metric, bool); 5] = [
    ("eval_loss", Metric::EvalLoss, false),
    ("accuracy", Metric::Accuracy, true),
    ("bits_per_byte", Metric::BitsPerByte, false),
    ("train_loss", Metric::TrainLoss, false),
    ("tokens_per_second", Metric::TokensPerSecond, true),
];

/// A text that names nothing that evaluations can be compared by.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "`{0}` is none of {names}, each alone or with `:minimize` or `:maximize`",
    names = METRICS.map(|(name, ..)| name).join(", ")
)]
pub struct NotAMetric(String);

impl BestBy {
    /// The lowest loss on the held-out text.
    pub const EVAL_LOSS: BestBy = BestBy { metric: Metric::EvalLoss, is_highest: false };

    /// Its value in a report, the lower the better; `None` where the report lacks it.
    fn loss(self, report: &Report) -> Option<f64> {
        let value = match self.metric {
            Metric::EvalLoss => report.eval_loss,
            Metric::Accuracy => report.accuracy?,
            Metric::BitsPerByte => report.bits_per_byte,
            Metric::TrainLoss => report.train_loss,
            Metric::TokensPerSecond => report.tokens_per_second,
        };
        Some(if self.is_highest { -value } else { value })
    }
}

impl FromStr for BestBy {
    type Err = NotAMetric;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (wanted, direction) = match text.split_once(':') {
            Some((name, direction)) => (name, Some(direction)),
            None => (text, None),
        };
        let found = METRICS.into_iter().find(|(name, ..)| *name == wanted);
        let (_, metric, is_usually_high) = found.ok_or_else(|| NotAMetric(text.to_owned()))?;
        let is_highest = match direction {
            None => is_usually_high,
            Some("maximize") => true,
            Some("minimize") => false,
            Some(_) => return Err(NotAMetric(text.to_owned())),
        };
        Ok(Self { metric, is_highest })
    }
}

impl fmt::Display for BestBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = METRICS.into_iter().find(|(_, metric, _)| *metric == self.metric);
        let (name, ..) = named.expect("all are listed");
        write!(f, "{name}:{}", if self.is_highest { "maximize" } else { "minimize" })
    }
}

/// When a run ends that no longer improves.
///
/// Source: Prechelt, "Early Stopping, But When?", Neural Networks: Tricks of the Trade, 1998, the
/// third class of criteria, with a margin as in Keras's `EarlyStopping`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Patience {
    /// After how many evaluations without an improvement; at least 1.
    pub evaluations: u32,
    /// What counts as an improvement: more than this, in the metric's own unit.
    pub min_delta: f64,
}

/// The best evaluation so far, and how many there were since the last improvement that counted.
/// Losses are what evaluations are compared by, the lower the better.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub(crate) struct Best {
    /// What it is the best by.
    by: String,
    /// Its loss.
    loss: f64,
    /// That of the last improvement by more than the margin, which the next one has to exceed.
    counted: f64,
    /// Evaluations since that one.
    since: u32,
}

/// Notes a report; whether it is the best so far. Of equals the first is: its weights took less.
pub(crate) fn note(
    best: &mut Option<Best>,
    by: BestBy,
    patience: Option<Patience>,
    report: &Report,
) -> bool {
    // A report without the number says nothing about it.
    let Some(loss) = by.loss(report) else { return false };
    let by = by.to_string();
    let Some(before) = best.as_mut().filter(|best| best.by == by) else {
        *best = Some(Best { by, loss, counted: loss, since: 0 });
        return true;
    };
    if before.counted - loss > patience.map_or(0.0, |patience| patience.min_delta) {
        (before.counted, before.since) = (loss, 0);
    } else {
        before.since += 1;
    }
    let is_best = loss < before.loss;
    before.loss = before.loss.min(loss);
    is_best
}

/// Whether patience is at its end.
pub(crate) fn is_over(best: Option<&Best>, patience: Option<Patience>) -> bool {
    best.zip(patience).is_some_and(|(best, patience)| best.since >= patience.evaluations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_metric_or_no_direction_is_refused_with_those_that_are() {
        for text in ["loss", "", "eval_loss:", "eval_loss:low", "Accuracy"] {
            let message = text.parse::<BestBy>().unwrap_err().to_string();
            assert!(message.starts_with(&format!("`{text}` is none of eval_loss, accuracy")));
        }
    }
}
