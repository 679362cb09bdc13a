//! What is minimised: a finite number.

use serde::{Deserialize, Serialize};

/// A finite loss; lower is better. For a language model, nats per token.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Loss(f64);

/// The value is NaN or infinite: the trial diverged.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("{0} is not a finite loss")]
pub struct NotFinite(pub f64);

impl Loss {
    /// A loss.
    ///
    /// # Errors
    ///
    /// [`NotFinite`] if `value` is NaN or infinite.
    pub fn new(value: f64) -> Result<Self, NotFinite> {
        // Adding zero turns -0 into 0, so that equal losses have equal bits.
        if value.is_finite() { Ok(Self(value + 0.0)) } else { Err(NotFinite(value)) }
    }

    /// The number itself, finite.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

impl Eq for Loss {}

#[expect(clippy::derive_ord_xor_partial_ord, reason = "finite floats are ordered totally")]
impl Ord for Loss {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl TryFrom<f64> for Loss {
    type Error = NotFinite;

    fn try_from(value: f64) -> Result<Self, NotFinite> {
        Self::new(value)
    }
}

impl From<Loss> for f64 {
    fn from(loss: Loss) -> Self {
        loss.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_is_never_nan_or_infinite() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(Loss::new(value).is_err());
        }
        assert_eq!(Loss::new(-0.0).unwrap().get().to_bits(), 0.0_f64.to_bits());
    }
}
