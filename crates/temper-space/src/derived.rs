//! A parameter that is computed from others.

use crate::expression::Expression;
use crate::value::whole;
use crate::{Round, Value};

/// A parameter that no strategy proposes: an expression over the others.
#[derive(Clone, Debug)]
pub struct Derived {
    pub(crate) name: String,
    pub(crate) expression: Expression,
    pub(crate) multiple_of: Option<i64>,
    pub(crate) round: Option<Round>,
}

impl Derived {
    /// The key in the `[space]` table.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The expression, as the file has it.
    pub fn expression(&self) -> &str {
        self.expression.text()
    }

    /// The names that the expression uses, sorted.
    pub fn variables(&self) -> &[String] {
        self.expression.variables()
    }

    /// The value is a multiple of this, and at least this; positive.
    pub fn multiple_of(&self) -> Option<i64> {
        self.multiple_of
    }

    /// Which way the value is rounded; without a multiple, to a whole number.
    pub fn round(&self) -> Option<Round> {
        self.round
    }

    /// The expression's result, rounded: with a multiple an `Int`, and at least the multiple;
    /// without, an `Int` where the number is whole. `None` if a number is not finite, does not
    /// fit, or if something that is no number would have to be rounded.
    pub(crate) fn finish(&self, result: Value) -> Option<Value> {
        if self.multiple_of.is_none() && self.round.is_none() {
            return match result {
                Value::Float(float) if !float.is_finite() => None,
                Value::Float(float) => Some(whole(float).map_or(result, Value::Int)),
                other => Some(other),
            };
        }
        let unit = self.multiple_of.unwrap_or(1);
        let round = self.round.unwrap_or_default();
        let multiple = match result {
            Value::Int(int) => round_int(int, unit, round)?,
            Value::Float(float) => {
                let quotient = float / unit as f64;
                let quotient = match round {
                    Round::Nearest => quotient.round(),
                    Round::Up => quotient.ceil(),
                    Round::Down => quotient.floor(),
                };
                whole(quotient)?.checked_mul(unit)?
            }
            Value::Bool(_) | Value::Text(_) => return None,
        };
        Some(Value::Int(self.multiple_of.map_or(multiple, |least| multiple.max(least))))
    }
}

/// The multiple of `unit` near `int`, exactly; `None` if 64 bits do not hold it.
fn round_int(int: i64, unit: i64, round: Round) -> Option<i64> {
    let (int, unit) = (i128::from(int), i128::from(unit));
    let below = int.div_euclid(unit) * unit;
    let rest = int - below;
    let up = match round {
        Round::Up => rest > 0,
        Round::Down => false,
        Round::Nearest => 2 * rest > unit || (2 * rest == unit && int > 0),
    };
    i64::try_from(if up { below + unit } else { below }).ok()
}
