//! From what the file says about a parameter to its domain.

use crate::param_spec::keys_of;
use crate::{Domain, FloatDomain, IntDomain, Kind, Number, ParamSpec, Scale, SpaceError, Value};

/// The domain, and the default as the domain writes it.
///
/// # Errors
///
/// If the keys do not go together, or the numbers make no domain.
pub(crate) fn read_domain(
    param: &str,
    spec: &ParamSpec,
) -> Result<(Domain, Option<Value>), SpaceError> {
    let kind = spec.r#type.ok_or_else(|| SpaceError::MissingType { param: param.to_owned() })?;
    check_keys(param, spec, kind.name())?;
    let domain = match kind {
        Kind::Float => read_float(param, spec)?,
        Kind::Int => read_int(param, spec)?,
        Kind::Choice => Domain::Choice(read_values(param, spec, kind)?),
        Kind::Ordinal => Domain::Ordinal(sorted_numbers(param, read_values(param, spec, kind)?)?),
        Kind::Const => Domain::Const(needed(param, kind, "value", spec.value.clone())?),
    };
    let Some(value) = &spec.default else {
        return Ok((domain, None));
    };
    match domain.canonical(value) {
        Some(default) => Ok((domain, Some(default))),
        None => Err(SpaceError::DefaultOutside {
            param: param.to_owned(),
            value: value.clone(),
            domain,
        }),
    }
}

/// Refuses keys that do not belong to the kind; `kind` may also be "derived".
pub(crate) fn check_keys(
    param: &str,
    spec: &ParamSpec,
    kind: &'static str,
) -> Result<(), SpaceError> {
    let own = keys_of(kind);
    match spec.keys().find(|key| !own.contains(key)) {
        Some(key) => Err(SpaceError::ForeignKey { param: param.to_owned(), kind, key }),
        None => Ok(()),
    }
}

/// Bounds of this many steps still leave two bits between neighbours.
const FINEST: f64 = (1u64 << (f64::MANTISSA_DIGITS - 2)) as f64;

fn read_float(param: &str, spec: &ParamSpec) -> Result<Domain, SpaceError> {
    let low = finite(param, "low", needed(param, Kind::Float, "low", spec.low)?)?;
    let high = finite(param, "high", needed(param, Kind::Float, "high", spec.high)?)?;
    let step = spec.step.map(|step| finite(param, "step", step)).transpose()?;
    let scale = read_scale(param, spec, low, high)?;
    let domain = FloatDomain {
        low: low.as_f64(),
        high: high.as_f64(),
        scale,
        step: step.map(Number::as_f64),
    };
    if let Some(step) = step {
        let param = param.to_owned();
        // Relative to the step, so that it holds for small numbers too.
        let largest = domain.low.abs().max(domain.high.abs()) / step.as_f64();
        if domain.levels().is_some_and(|levels| levels < 2) {
            return Err(SpaceError::StepTooLarge { param, step, low, high });
        }
        if largest >= FINEST {
            return Err(SpaceError::StepTooSmall { param, step, low, high });
        }
    }
    Ok(Domain::Float(domain))
}

fn read_int(param: &str, spec: &ParamSpec) -> Result<Domain, SpaceError> {
    let low = whole(param, "low", needed(param, Kind::Int, "low", spec.low)?)?;
    let high = whole(param, "high", needed(param, Kind::Int, "high", spec.high)?)?;
    let step = spec.step.map(|step| whole(param, "step", step)).transpose()?.unwrap_or(1);
    let scale = read_scale(param, spec, low.into(), high.into())?;
    if i128::from(step) > i128::from(high) - i128::from(low) {
        return Err(SpaceError::StepTooLarge {
            param: param.to_owned(),
            step: step.into(),
            low: low.into(),
            high: high.into(),
        });
    }
    Ok(Domain::Int(IntDomain { low, high, scale, step }))
}

/// Checks the bounds, and that they, the step and the scale go together.
fn read_scale(
    param: &str,
    spec: &ParamSpec,
    low: Number,
    high: Number,
) -> Result<Scale, SpaceError> {
    let param = param.to_owned();
    let is_below = match (low, high) {
        (Number::Int(low), Number::Int(high)) => low < high,
        _ => low.as_f64() < high.as_f64(),
    };
    if !is_below {
        return Err(SpaceError::Bounds { param, low, high });
    }
    let scale = if spec.log == Some(true) { Scale::Log } else { Scale::Linear };
    if scale == Scale::Log && low.as_f64() <= 0.0 {
        return Err(SpaceError::LogBound { param, low });
    }
    match spec.step {
        Some(step) if step.as_f64() <= 0.0 => Err(SpaceError::StepNotPositive { param, step }),
        Some(step) if scale == Scale::Log => Err(SpaceError::StepWithLog { param, step }),
        _ => Ok(scale),
    }
}

fn read_values(param: &str, spec: &ParamSpec, kind: Kind) -> Result<Vec<Value>, SpaceError> {
    let values = needed(param, kind, "values", spec.values.clone())?;
    if values.is_empty() {
        return Err(SpaceError::NoValues { param: param.to_owned() });
    }
    match values.iter().enumerate().find(|(index, value)| values[..*index].contains(value)) {
        Some((_, value)) => {
            Err(SpaceError::DuplicateValue { param: param.to_owned(), value: value.clone() })
        }
        None => Ok(values),
    }
}

fn sorted_numbers(param: &str, mut values: Vec<Value>) -> Result<Vec<Value>, SpaceError> {
    if let Some(value) = values.iter().find(|value| value.as_f64().is_none()) {
        return Err(SpaceError::NotNumber { param: param.to_owned(), value: value.clone() });
    }
    // Integers beyond 53 bits may tie as floats; the second key keeps them apart.
    values.sort_by(|left, right| {
        let floats = left.as_f64().unwrap_or(0.0).total_cmp(&right.as_f64().unwrap_or(0.0));
        floats.then(left.as_i64().cmp(&right.as_i64()))
    });
    Ok(values)
}

fn needed<T>(
    param: &str,
    kind: Kind,
    key: &'static str,
    given: Option<T>,
) -> Result<T, SpaceError> {
    let missing = || SpaceError::MissingKey { param: param.to_owned(), kind: kind.name(), key };
    given.ok_or_else(missing)
}

fn finite(param: &str, key: &'static str, value: Number) -> Result<Number, SpaceError> {
    if value.as_f64().is_finite() {
        Ok(value)
    } else {
        Err(SpaceError::NotFinite { param: param.to_owned(), key, value })
    }
}

fn whole(param: &str, key: &'static str, value: Number) -> Result<i64, SpaceError> {
    finite(param, key, value)?.as_i64().ok_or_else(|| SpaceError::NotInteger {
        param: param.to_owned(),
        key,
        value,
    })
}
