//! Real numbers in a range.

use crate::Scale;

/// Real numbers from `low` to `high`, both included.
///
/// With a `step` the values are `low`, `low + step`, ... up to the last one that is not above
/// `high`; the step need not divide the range.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatDomain {
    /// The smallest value, finite; positive if the scale is logarithmic.
    pub low: f64,
    /// The largest value, finite and above `low`.
    pub high: f64,
    /// How the unit interval is spread over the range.
    pub scale: Scale,
    /// The distance between values; only on the linear scale.
    pub step: Option<f64>,
}

impl FloatDomain {
    /// The number of distinct values; `None` if there is no step.
    pub(crate) fn levels(&self) -> Option<u64> {
        let step = self.step?;
        let steps = (self.high / step - self.low / step).max(0.0);
        let nearest = steps.round();
        // The quotient may fall a rounding error short of a whole number: 0.3 / 0.1.
        let last = if self.at(nearest, step) <= self.high { nearest } else { steps.floor() };
        Some((last as u64).saturating_add(1))
    }

    /// The value with this index, counted from `low`; `low` itself without a step.
    pub(crate) fn level(&self, index: u64) -> f64 {
        match (self.step, self.levels()) {
            (Some(step), Some(levels)) => {
                self.at(index.min(levels - 1) as f64, step).clamp(self.low, self.high)
            }
            _ => self.low,
        }
    }

    /// The number as the domain writes it, if the domain holds it: a stepped domain also takes
    /// `0.1 + 0.2` for its 0.3.
    pub(crate) fn canonical(&self, number: f64) -> Option<f64> {
        const TOLERANCE: f64 = 1e-9; // of a step
        let Some(step) = self.step else {
            return (self.low..=self.high).contains(&number).then_some(number);
        };
        let level = self.level(self.index(number, step));
        ((level - number).abs() <= TOLERANCE * step).then_some(level)
    }

    /// The place of the number in the unit interval.
    pub(crate) fn encode(&self, number: f64) -> f64 {
        if let (Some(step), Some(levels)) = (self.step, self.levels()) {
            let index = self.index(number, step).min(levels - 1);
            return (index as f64 + 0.5) / levels as f64;
        }
        let number = number.clamp(self.low, self.high);
        let place = match self.scale {
            // Halved, so that a range as wide as the floats themselves stays finite.
            Scale::Linear => (number / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0),
            Scale::Log => (number.ln() - self.low.ln()) / (self.high.ln() - self.low.ln()),
        };
        place.clamp(0.0, 1.0)
    }

    /// The number at a place of the unit interval.
    pub(crate) fn decode(&self, place: f64) -> f64 {
        if let Some(levels) = self.levels() {
            return self.level((place * levels as f64).floor() as u64);
        }
        let number = match self.scale {
            Scale::Linear => self.low * (1.0 - place) + self.high * place,
            Scale::Log => {
                let (low, high) = (self.low.ln(), self.high.ln());
                (low + place * (high - low)).exp()
            }
        };
        number.clamp(self.low, self.high)
    }

    /// The index of the level nearest to the number; it may be past the last one.
    fn index(&self, number: f64, step: f64) -> u64 {
        (number / step - self.low / step).round() as u64
    }

    /// `low + index * step`, with no more decimals than `low` and `step` have: 0.3, not
    /// 0.30000000000000004.
    fn at(&self, index: f64, step: f64) -> f64 {
        let value = self.low + index * step;
        let decimals = decimals(step).max(decimals(self.low));
        // Powers of ten up to 22 and integers up to 53 bits are exact, so the quotient is the
        // float nearest to the decimal number.
        if decimals > 22 {
            return value;
        }
        let power = 10f64.powi(decimals);
        let digits = (value * power).round();
        if digits.abs() < (1u64 << f64::MANTISSA_DIGITS) as f64 { digits / power } else { value }
    }
}

/// The number of decimals in the shortest text of the number: 2 for 0.25, 6 for 1e-6.
fn decimals(number: f64) -> i32 {
    let text = format!("{number:e}");
    let Some((digits, exponent)) = text.split_once('e') else {
        return 0;
    };
    let fraction = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len() as i32);
    (fraction - exponent.parse::<i32>().unwrap_or(0)).max(0)
}
