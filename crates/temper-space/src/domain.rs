//! What one parameter may be, and its place in the unit interval.

use std::fmt;

use crate::{FloatDomain, IntDomain, Value};

/// How the unit interval is spread over a range of numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences are equally likely.
    #[default]
    Linear,
    /// Equal ratios are equally likely: the scale of learning rates.
    Log,
}

/// The values that a parameter may take.
///
/// [`Space::new`](crate::Space::new) builds only valid ones: a range is never empty, a list of
/// values neither empty nor with duplicates.
///
/// The codec maps values to the unit interval and back. A domain of `n` levels owns `n` buckets
/// of equal width and encodes to their middles; a continuous one is spread by its [`Scale`].
#[derive(Clone, Debug, PartialEq)]
pub enum Domain {
    /// Real numbers in a range.
    Float(FloatDomain),
    /// Whole numbers in a range.
    Int(IntDomain),
    /// Values without an order.
    Choice(Vec<Value>),
    /// Numbers in ascending order.
    Ordinal(Vec<Value>),
    /// One value, which is not searched.
    Const(Value),
}

impl Domain {
    /// The number of distinct values; `None` if they are continuous.
    pub fn levels(&self) -> Option<u64> {
        match self {
            Self::Float(domain) => domain.levels(),
            Self::Int(domain) => Some(domain.levels()),
            Self::Choice(values) | Self::Ordinal(values) => Some(values.len() as u64),
            Self::Const(_) => Some(1),
        }
    }

    /// The value with this index, counted from the lowest or the first; an index past the end is
    /// the last value. A continuous domain has no levels and gives its low bound.
    pub fn level(&self, index: u64) -> Value {
        match self {
            Self::Float(domain) => Value::Float(domain.level(index)),
            Self::Int(domain) => Value::Int(domain.level(index)),
            Self::Choice(values) | Self::Ordinal(values) => {
                let last = values.len().saturating_sub(1);
                values[usize::try_from(index).unwrap_or(last).min(last)].clone()
            }
            Self::Const(value) => value.clone(),
        }
    }

    /// Whether the parameter may take the value.
    pub fn contains(&self, value: &Value) -> bool {
        self.canonical(value).is_some()
    }

    /// The place of the value in the unit interval. A number outside the range counts as the
    /// nearest bound; any other foreign value, and a constant, is at 0.5.
    pub fn encode(&self, value: &Value) -> f64 {
        match (self, value) {
            (Self::Float(domain), _) => number(value).map_or(0.5, |number| domain.encode(number)),
            (Self::Int(domain), Value::Int(int)) => domain.encode_int(*int),
            (Self::Int(domain), _) => number(value).map_or(0.5, |number| domain.encode(number)),
            (Self::Choice(values) | Self::Ordinal(values), _) => position(values, value)
                .map_or(0.5, |index| (index as f64 + 0.5) / values.len() as f64),
            (Self::Const(_), _) => 0.5,
        }
    }

    /// The value at a place of the unit interval. Total: a place outside counts as the nearest
    /// bound, and one that is not a number as 0.5.
    pub fn decode(&self, place: f64) -> Value {
        let place = if place.is_nan() { 0.5 } else { place.clamp(0.0, 1.0) };
        match self {
            Self::Float(domain) => Value::Float(domain.decode(place)),
            Self::Int(domain) => Value::Int(domain.decode(place)),
            Self::Choice(values) | Self::Ordinal(values) => {
                self.level((place * values.len() as f64).floor() as u64)
            }
            Self::Const(value) => value.clone(),
        }
    }

    /// Whether every value is a number.
    pub fn is_numeric(&self) -> bool {
        match self {
            Self::Float(_) | Self::Int(_) | Self::Ordinal(_) => true,
            Self::Choice(values) => values.iter().all(|value| value.as_f64().is_some()),
            Self::Const(value) => value.as_f64().is_some(),
        }
    }

    /// Whether neighbours in the unit interval are neighbours in what they do: floats, ints and
    /// ordinals.
    pub fn is_ordered(&self) -> bool {
        matches!(self, Self::Float(_) | Self::Int(_) | Self::Ordinal(_))
    }

    /// Whether there is nothing to search.
    pub fn is_const(&self) -> bool {
        matches!(self, Self::Const(_))
    }

    /// The `type` of the study file.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Float(_) => "float",
            Self::Int(_) => "int",
            Self::Choice(_) => "choice",
            Self::Ordinal(_) => "ordinal",
            Self::Const(_) => "const",
        }
    }

    /// The value as the domain writes it (8.0 in an int domain is 8), if the domain holds it.
    pub fn canonical(&self, value: &Value) -> Option<Value> {
        match self {
            Self::Float(domain) => domain.canonical(value.as_f64()?).map(Value::Float),
            Self::Int(domain) => {
                let int = value.as_i64()?;
                domain.contains(int).then_some(Value::Int(int))
            }
            Self::Choice(values) | Self::Ordinal(values) => {
                position(values, value).map(|index| values[index].clone())
            }
            Self::Const(own) => (own == value).then(|| own.clone()),
        }
    }
}

/// As a message names it: `1e-6 to 0.001 (log)`, `adamw, sgd`.
impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Float(FloatDomain { low, high, scale, step }) => {
                write!(f, "{low:?} to {high:?}")?;
                if let Some(step) = step {
                    write!(f, " in steps of {step:?}")?;
                }
                write_scale(f, *scale)
            }
            Self::Int(IntDomain { low, high, scale, step }) => {
                write!(f, "{low} to {high}")?;
                if *step != 1 {
                    write!(f, " in steps of {step}")?;
                }
                write_scale(f, *scale)
            }
            Self::Choice(values) | Self::Ordinal(values) => {
                let values: Vec<_> = values.iter().map(Value::to_string).collect();
                f.write_str(&values.join(", "))
            }
            Self::Const(value) => write!(f, "{value}"),
        }
    }
}

fn write_scale(f: &mut fmt::Formatter<'_>, scale: Scale) -> fmt::Result {
    match scale {
        Scale::Linear => Ok(()),
        Scale::Log => f.write_str(" (log)"),
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().filter(|number| !number.is_nan())
}

fn position(values: &[Value], value: &Value) -> Option<usize> {
    values.iter().position(|own| own == value)
}
