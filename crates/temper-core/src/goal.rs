//! What the user wants of a metric. Direction is turned here, at the edge.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Loss, NotFinite};

/// Whether a metric should be low or high.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Lower is better.
    #[default]
    Minimize,
    /// Higher is better.
    Maximize,
}

/// A metric and its direction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    /// The name under which trials report it, such as `eval_loss`.
    pub metric: String,
    /// Whether it should be low or high.
    #[serde(default)]
    pub direction: Direction,
}

/// As a sentence goes on: `minimize eval_loss`.
impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.direction {
            Direction::Minimize => write!(f, "minimize {}", self.metric),
            Direction::Maximize => write!(f, "maximize {}", self.metric),
        }
    }
}

impl Goal {
    /// The loss of a reported value.
    ///
    /// # Errors
    ///
    /// [`NotFinite`] if the value is NaN or infinite.
    pub fn loss(&self, value: f64) -> Result<Loss, NotFinite> {
        match self.direction {
            Direction::Minimize => Loss::new(value),
            Direction::Maximize => Loss::new(-value).map_err(|_| NotFinite(value)),
        }
    }

    /// The user's value of a loss, in the user's direction.
    #[must_use]
    pub fn value(&self, loss: Loss) -> f64 {
        match self.direction {
            Direction::Minimize => loss.get(),
            Direction::Maximize => 0.0 - loss.get(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_maximised_metric_comes_back_as_it_went_in() {
        let goal = Goal { metric: "accuracy".into(), direction: Direction::Maximize };
        let (low, high) = (goal.loss(0.5).unwrap(), goal.loss(0.75).unwrap());
        assert!(high < low);
        assert_eq!(goal.value(high), 0.75);
        assert!(goal.loss(f64::NAN).is_err());
    }
}
