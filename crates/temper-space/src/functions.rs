//! The functions that expressions may call.

use minijinja::value::Rest;
use minijinja::{Environment, Error, ErrorKind, Value};

use crate::value::whole;

/// Their names, sorted.
pub(crate) const FUNCTIONS: [&str; 10] =
    ["abs", "ceil", "exp", "floor", "log", "log2", "max", "min", "round", "sqrt"];

/// Adds them to the language. As in Python, `log` is the natural logarithm, and `floor`, `ceil`
/// and `round` give whole numbers; `round` takes halves away from zero.
pub(crate) fn add_functions(language: &mut Environment<'static>) {
    language.add_function("sqrt", f64::sqrt);
    language.add_function("log", f64::ln);
    language.add_function("log2", f64::log2);
    language.add_function("exp", f64::exp);
    language.add_function("floor", |number: f64| whole_or_float(number.floor()));
    language.add_function("ceil", |number: f64| whole_or_float(number.ceil()));
    language.add_function("round", |number: f64| whole_or_float(number.round()));
    language.add_function("abs", abs);
    language.add_function("min", |numbers: Rest<Value>| {
        extreme("min", numbers.0, |new, best| new < best)
    });
    language.add_function("max", |numbers: Rest<Value>| {
        extreme("max", numbers.0, |new, best| new > best)
    });
}

fn whole_or_float(number: f64) -> Value {
    whole(number).map_or_else(|| number.into(), Value::from)
}

fn abs(number: Value) -> Result<Value, Error> {
    match (number.is_integer(), i128::try_from(number.clone())) {
        (true, Ok(int)) => Ok(int.saturating_abs().into()),
        _ => f64::try_from(number).map(|float| float.abs().into()),
    }
}

/// The first of the numbers that is better than all before it, with its own type.
fn extreme(
    function: &str,
    numbers: Vec<Value>,
    better: impl Fn(f64, f64) -> bool,
) -> Result<Value, Error> {
    let mut best: Option<(f64, Value)> = None;
    for number in numbers {
        let float = f64::try_from(number.clone())?;
        if best.as_ref().is_none_or(|(best, _)| better(float, *best)) {
            best = Some((float, number));
        }
    }
    best.map(|(_, number)| number).ok_or_else(|| {
        Error::new(ErrorKind::MissingArgument, format!("{function} needs at least one number"))
    })
}
