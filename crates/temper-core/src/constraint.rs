//! What a configuration has to keep besides being good: bounds on metrics.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A bound on a metric: `latency_ms <= 50`, `accuracy >= 0.8`.
///
/// ```
/// use temper_core::Constraint;
///
/// let constraint: Constraint = "latency_ms <= 50".parse()?;
/// assert_eq!(constraint.metric(), "latency_ms");
/// assert_eq!(constraint.excess(62.5), 12.5);
/// assert_eq!(constraint.to_string(), "latency_ms <= 50");
/// # Ok::<(), temper_core::ConstraintError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Constraint {
    metric: String,
    bound: Bound,
}

/// The side on which a metric has to stay; the number is finite and belongs to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// `<=`
    AtMost(f64),
    /// `>=`
    AtLeast(f64),
}

/// Why a text is not a constraint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConstraintError {
    /// It compares with something else than `<=` or `>=`, or not at all.
    #[error("`{text}` is not a constraint: it has neither `<=` nor `>=`")]
    NoComparison {
        /// The text.
        text: String,
    },
    /// There is no name before the comparison.
    #[error("`{text}` is not a constraint: `{metric}` is not the name of a metric")]
    NoMetric {
        /// The text.
        text: String,
        /// What stands there.
        metric: String,
    },
    /// There is no finite number after the comparison.
    #[error("`{text}` is not a constraint: `{bound}` is not a finite number")]
    NoBound {
        /// The text.
        text: String,
        /// What stands there.
        bound: String,
    },
}

impl ConstraintError {
    /// How constraints are written.
    #[must_use]
    pub fn help(&self) -> &'static str {
        "write it like \"latency_ms <= 50\" or \"accuracy >= 0.8\""
    }
}

impl Constraint {
    /// The metric, by the name under which trials report it.
    #[must_use]
    pub fn metric(&self) -> &str {
        &self.metric
    }

    /// Where it has to stay.
    #[must_use]
    pub fn bound(&self) -> Bound {
        self.bound
    }

    /// How far past the bound the value is, in the metric's own unit: above 0 where the constraint
    /// is broken, 0 or below where it is kept. Finite if `value` is.
    #[must_use]
    pub fn excess(&self, value: f64) -> f64 {
        let excess = match self.bound {
            Bound::AtMost(bound) => value - bound,
            Bound::AtLeast(bound) => bound - value,
        };
        excess.clamp(f64::MIN, f64::MAX)
    }
}

impl FromStr for Constraint {
    type Err = ConstraintError;

    fn from_str(text: &str) -> Result<Self, ConstraintError> {
        let sides = |operator| text.split_once(operator);
        let at_most =
            sides("<=").map(|(metric, bound)| (metric, bound, Bound::AtMost as fn(_) -> _));
        let at_least =
            || sides(">=").map(|(metric, bound)| (metric, bound, Bound::AtLeast as fn(_) -> _));
        let Some((metric, bound, side)) = at_most.or_else(at_least) else {
            return Err(ConstraintError::NoComparison { text: text.to_owned() });
        };
        let (text, metric, bound) = (text.to_owned(), metric.trim().to_owned(), bound.trim());
        if metric.is_empty() || metric.contains(['<', '>', '=']) || metric.parse::<f64>().is_ok() {
            return Err(ConstraintError::NoMetric { text, metric });
        }
        match bound.parse() {
            Ok(number) if f64::is_finite(number) => Ok(Self { metric, bound: side(number) }),
            _ => Err(ConstraintError::NoBound { text, bound: bound.to_owned() }),
        }
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bound {
            Bound::AtMost(bound) => write!(f, "{} <= {bound}", self.metric),
            Bound::AtLeast(bound) => write!(f, "{} >= {bound}", self.metric),
        }
    }
}

impl TryFrom<String> for Constraint {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map_err(|error: ConstraintError| format!("{error}; {}", error.help()))
    }
}

impl From<Constraint> for String {
    fn from(constraint: Constraint) -> Self {
        constraint.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Constraint, ConstraintError> {
        text.parse()
    }

    #[test]
    fn an_excess_is_above_zero_exactly_where_the_bound_is_broken() {
        let most = read("latency_ms <= 50").unwrap();
        assert_eq!([49.0, 50.0, 51.5].map(|value| most.excess(value)), [-1.0, 0.0, 1.5]);
        let least = read(" accuracy>=0.75 ").unwrap();
        assert_eq!([1.0, 0.75, 0.5].map(|value| least.excess(value)), [-0.25, 0.0, 0.25]);
        assert_eq!(read("x >= 1e308").unwrap().excess(-1e308), f64::MAX);
    }

    #[test]
    fn a_constraint_comes_back_from_its_text() {
        for text in ["latency_ms <= 50", "accuracy >= 0.8", "loss <= -0.1", "x >= 1e300"] {
            let constraint = read(text).unwrap();
            assert_eq!(read(&constraint.to_string()).unwrap(), constraint);
            let json = serde_json::to_string(&constraint).unwrap();
            assert_eq!(serde_json::from_str::<Constraint>(&json).unwrap(), constraint, "{json}");
        }
    }

    #[test]
    fn what_is_no_constraint_is_refused_by_its_text() {
        for (text, reason) in [
            ("latency_ms < 50", "it has neither `<=` nor `>=`"),
            ("latency_ms == 50", "it has neither `<=` nor `>=`"),
            ("latency_ms <= fast", "`fast` is not a finite number"),
            ("latency_ms <= inf", "`inf` is not a finite number"),
            ("latency_ms <=", "`` is not a finite number"),
            ("<= 50", "`` is not the name of a metric"),
            ("0 <= x", "`0` is not the name of a metric"),
            ("1 >= x <= 3", "`1 >= x` is not the name of a metric"),
        ] {
            let message = read(text).unwrap_err().to_string();
            assert_eq!(message, format!("`{text}` is not a constraint: {reason}"));
        }
        let message = serde_json::from_str::<Constraint>("\"x < 1\"").unwrap_err().to_string();
        assert!(message.contains("write it like"), "{message}");
    }
}
