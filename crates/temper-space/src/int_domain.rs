//! Whole numbers in a range.

use crate::Scale;

/// Whole numbers from `low` to `high`, both included.
///
/// The values are `low`, `low + step`, ... up to the last one that is not above `high`; the step
/// need not divide the range.
#[derive(Clone, Debug, PartialEq)]
pub struct IntDomain {
    /// The smallest value; positive if the scale is logarithmic.
    pub low: i64,
    /// The largest value, above `low`.
    pub high: i64,
    /// How the unit interval is spread over the range.
    pub scale: Scale,
    /// The distance between values, at least 1; 1 on the logarithmic scale.
    pub step: i64,
}

impl IntDomain {
    /// The number of distinct values.
    pub(crate) fn levels(&self) -> u64 {
        u64::try_from(self.last() + 1).unwrap_or(u64::MAX)
    }

    /// The value with this index, counted from `low`.
    pub(crate) fn level(&self, index: u64) -> i64 {
        self.at(i128::from(index))
    }

    pub(crate) fn contains(&self, int: i64) -> bool {
        (self.low..=self.high).contains(&int)
            && self.index(int) * i128::from(self.step) == self.offset(int)
    }

    /// The place of the number in the unit interval; a number between two levels counts as the
    /// lower one.
    pub(crate) fn encode(&self, number: f64) -> f64 {
        let number = number.clamp(self.low as f64, self.high as f64);
        if self.scale == Scale::Log {
            let (low, high) = self.log_range();
            return ((number.ln() - low) / (high - low)).clamp(0.0, 1.0);
        }
        // `as` saturates, so a bound that the float rounded up comes back as the bound.
        self.encode_int((number.round() as i64).clamp(self.low, self.high))
    }

    /// [`IntDomain::encode`] without the detour over floats.
    pub(crate) fn encode_int(&self, int: i64) -> f64 {
        if self.scale == Scale::Log {
            return self.encode(int as f64);
        }
        let index = self.index(int.clamp(self.low, self.high)) as f64;
        ((index + 0.5) / (self.last() + 1) as f64).min(1.0)
    }

    /// The number at a place of the unit interval.
    pub(crate) fn decode(&self, place: f64) -> i64 {
        if self.scale == Scale::Log {
            let (low, high) = self.log_range();
            let number = (low + place * (high - low)).exp().round();
            return (number as i64).clamp(self.low, self.high);
        }
        self.at((place * (self.last() + 1) as f64).floor() as i128)
    }

    /// Each integer owns the interval half a unit to both sides, so that the bounds are as likely
    /// as their neighbours.
    fn log_range(&self) -> (f64, f64) {
        ((self.low as f64 - 0.5).ln(), (self.high as f64 + 0.5).ln())
    }

    /// The index of the last level. The range of all `i64` does not fit an `i64`.
    fn last(&self) -> i128 {
        self.index(self.high)
    }

    fn index(&self, int: i64) -> i128 {
        self.offset(int) / i128::from(self.step.max(1))
    }

    fn offset(&self, int: i64) -> i128 {
        i128::from(int) - i128::from(self.low)
    }

    fn at(&self, index: i128) -> i64 {
        let index = index.clamp(0, self.last().max(0));
        let int = i128::from(self.low) + index * i128::from(self.step);
        i64::try_from(int).unwrap_or(self.high)
    }
}
