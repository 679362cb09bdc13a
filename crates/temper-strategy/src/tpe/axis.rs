//! What a kernel has to know of a parameter.

use temper_space::{Domain, IntDomain, Scale, Space, Value};

/// A bucket below this width is a point to every kernel: the narrowest one is ten times as wide,
/// and the error of a density in place of a mass is below 1 % of it up to five deviations.
const POINT: f64 = 1e-3;

/// How the unit interval of a parameter is cut.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Axis {
    /// Not at all, or so finely that it does not matter.
    Smooth,
    /// Into this many ordered buckets of equal width.
    Even(usize),
    /// Into the buckets of whole numbers on the logarithmic scale.
    Log(IntDomain),
    /// Into this many values without an order.
    Choice(usize),
}

impl Axis {
    /// The axis of each dimension of the space.
    pub(super) fn all(space: &Space) -> Vec<Self> {
        space.axes().map(|param| Self::new(param.domain())).collect()
    }

    fn new(domain: &Domain) -> Self {
        let levels = domain.levels().map_or(usize::MAX, |levels| levels as usize);
        let fine = || levels as f64 * POINT > 1.0;
        match domain {
            Domain::Choice(values) => Self::Choice(values.len()),
            Domain::Int(int) if int.scale == Scale::Log => {
                // The lowest is the widest.
                let (low, high) = log_bucket(int, int.low);
                if high - low < POINT { Self::Smooth } else { Self::Log(int.clone()) }
            }
            _ if fine() => Self::Smooth,
            _ => Self::Even(levels),
        }
    }

    /// The interval that owns the place: the same one that the codec decodes.
    pub(super) fn bucket(&self, place: f64) -> (f64, f64) {
        match self {
            Self::Smooth => (place, place),
            Self::Even(count) | Self::Choice(count) => {
                let (index, count) = (index(place, *count) as f64, *count as f64);
                (index / count, (index + 1.0) / count)
            }
            Self::Log(int) => match Domain::Int(int.clone()).decode(place) {
                Value::Int(value) => log_bucket(int, value),
                _ => (place, place),
            },
        }
    }
}

/// Which of `count` buckets of equal width owns the place.
pub(super) fn index(place: f64, count: usize) -> usize {
    ((place * count as f64) as usize).min(count.saturating_sub(1))
}

/// The codec spreads the logarithm evenly from half a unit below the lowest number to half a unit
/// above the highest.
fn log_bucket(int: &IntDomain, value: i64) -> (f64, f64) {
    let (low, high) = ((int.low as f64 - 0.5).ln(), (int.high as f64 + 0.5).ln());
    let place = |number: f64| ((number.ln() - low) / (high - low)).clamp(0.0, 1.0);
    (place(value as f64 - 0.5), place(value as f64 + 0.5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edges_of_a_bucket_decode_to_its_value_and_to_no_other() {
        let space = r#"{
            "layers": {"type": "int", "low": 1, "high": 100, "log": true},
            "heads": {"type": "ordinal", "values": [2, 4, 8]},
            "width": {"type": "int", "low": 128, "high": 512, "step": 64},
            "dropout": {"type": "float", "low": 0, "high": 0.5, "step": 0.1},
            "optimizer": {"type": "choice", "values": ["adamw", "sgd", "lion"]}
        }"#;
        let space = Space::new(&serde_json::from_str(space).unwrap(), &Default::default()).unwrap();
        for (param, axis) in space.axes().zip(Axis::all(&space)) {
            assert_ne!(axis, Axis::Smooth);
            let mut place = 0.0;
            for level in 0..param.domain().levels().unwrap() {
                let value = param.domain().level(level);
                let (low, high) = axis.bucket(param.domain().encode(&value));
                assert!((low - place).abs() < 1e-12, "{} {value}", param.name());
                assert_eq!(param.domain().decode(low + 1e-9), value);
                assert_eq!(param.domain().decode(high - 1e-9), value);
                place = high;
            }
            assert!((place - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn fine_buckets_are_smooth() {
        let space = r#"{
            "tokens": {"type": "int", "low": 1, "high": 9000000000000000000},
            "steps": {"type": "int", "low": 1000, "high": 100000, "log": true},
            "rate": {"type": "float", "low": 1e-6, "high": 1, "log": true}
        }"#;
        let space = Space::new(&serde_json::from_str(space).unwrap(), &Default::default()).unwrap();
        assert_eq!(Axis::all(&space), [Axis::Smooth, Axis::Smooth, Axis::Smooth]);
    }
}
