//! A part of a space: what a stage says is narrower, and what of a parent's values is left.

use std::collections::BTreeSet;

use temper_core::Value;
use temper_space::{
    Domain, Number, OneOrMany, Param, ParamSpec, Place, RequireSpec, Space, SpaceError, SpaceSpec,
};

/// Why a space can't be narrowed so.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NarrowError {
    /// It has no such parameter.
    #[error("the space has no parameter `{param}`")]
    Unknown {
        /// The name given.
        param: String,
    },
    /// The parameter follows from others.
    #[error("`{param}` is derived: it follows from the other parameters")]
    Derived {
        /// The parameter.
        param: String,
    },
    /// A key that says nothing about how wide the range is, or not of such a parameter.
    #[error("`{key}` of `{param}`, {kind}, can't be narrowed")]
    Key {
        /// The parameter.
        param: String,
        /// The key given.
        key: &'static str,
        /// What it is.
        kind: &'static str,
    },
    /// Something that the space does not have.
    #[error("parameter `{param}`: {key} {value} is not within {domain}")]
    Outside {
        /// The parameter.
        param: String,
        /// The key given.
        key: &'static str,
        /// The value given.
        value: Value,
        /// What the space has.
        domain: Domain,
    },
    /// What is left is no space.
    #[error(transparent)]
    Space(#[from] SpaceError),
}

impl NarrowError {
    /// The parameter, and the key of it, that the error is about.
    #[must_use]
    pub fn path(&self) -> Vec<String> {
        match self {
            Self::Unknown { param } | Self::Derived { param } => vec![param.clone()],
            Self::Key { param, key, .. } | Self::Outside { param, key, .. } => {
                vec![param.clone(), (*key).to_owned()]
            }
            Self::Space(error) => error.path().into_iter().skip(1).collect(),
        }
    }
}

/// The part of the space in which the given parameters are narrower.
///
/// # Errors
///
/// If one is unknown, or wider than in the space, or nothing is left.
pub fn narrow(space: &Space, narrower: &SpaceSpec) -> Result<Space, NarrowError> {
    let mut spec = space.spec().clone();
    for (name, given) in &narrower.0 {
        if !spec.0.contains_key(name) {
            return Err(NarrowError::Unknown { param: name.clone() });
        }
        let Some(param) = space.param(name) else {
            return Err(NarrowError::Derived { param: name.clone() });
        };
        let own = &spec.0[name];
        let narrowed = narrowed(param, own, given)?;
        spec.0.insert(name.clone(), narrowed);
    }
    Ok(part(spec, space.require_spec().clone())?)
}

fn narrowed(param: &Param, own: &ParamSpec, given: &ParamSpec) -> Result<ParamSpec, NarrowError> {
    let (name, domain) = (param.name().to_owned(), param.domain());
    let outside = |key, value| NarrowError::Outside {
        param: name.clone(),
        key,
        value,
        domain: domain.clone(),
    };
    if let Some(value) = &given.value {
        let own_value = domain.canonical(value).ok_or_else(|| outside("value", value.clone()))?;
        return Ok(fixed(own, own_value));
    }
    let is_range = matches!(domain, Domain::Float(_) | Domain::Int(_));
    if let Some(key) = foreign_key(given, is_range, domain) {
        return Err(NarrowError::Key { param: name, key, kind: domain.kind() });
    }
    let mut spec = ParamSpec { ..own.clone() };
    for (key, number) in [("low", given.low), ("high", given.high)] {
        let Some(number) = number else { continue };
        // The bounds of a range with steps lie on them, so that its values are the space's.
        let is_on_step = key == "high" || has_no_step(domain) || domain.contains(&value(number));
        if !is_within(domain, number) || !is_on_step {
            return Err(outside(key, value(number)));
        }
    }
    if let Some(step) = given.step.filter(|step| !is_multiple(domain, *step)) {
        return Err(outside("step", value(step)));
    }
    spec.low = given.low.or(own.low);
    spec.high = given.high.or(own.high);
    spec.step = given.step.or(own.step);
    if let Some(values) = &given.values {
        let own_value =
            |value: &Value| domain.canonical(value).ok_or_else(|| outside("values", value.clone()));
        spec.values = Some(values.iter().map(own_value).collect::<Result<_, _>>()?);
    }
    Ok(with_fitting_default(spec))
}

/// The first key that can't be narrowed.
fn foreign_key(given: &ParamSpec, is_range: bool, domain: &Domain) -> Option<&'static str> {
    let is_list = matches!(domain, Domain::Choice(_) | Domain::Ordinal(_));
    let keys = [
        ("low", given.low.is_some() && !is_range),
        ("high", given.high.is_some() && !is_range),
        ("step", given.step.is_some() && !is_range),
        ("values", given.values.is_some() && !is_list),
        ("type", given.r#type.is_some()),
        ("log", given.log.is_some()),
        ("default", given.default.is_some()),
        ("confidence", given.confidence.is_some()),
        ("when", given.when.is_some()),
        ("derive", given.derive.is_some()),
        ("multiple_of", given.multiple_of.is_some()),
        ("round", given.round.is_some()),
    ];
    keys.into_iter().find_map(|(key, is_foreign)| is_foreign.then_some(key))
}

fn has_no_step(domain: &Domain) -> bool {
    match domain {
        Domain::Float(float) => float.step.is_none(),
        Domain::Int(int) => int.step == 1,
        _ => true,
    }
}

fn is_within(domain: &Domain, number: Number) -> bool {
    let (low, high) = match domain {
        Domain::Float(float) => (float.low, float.high),
        Domain::Int(int) => (int.low as f64, int.high as f64),
        _ => return false,
    };
    (low..=high).contains(&number.as_f64())
}

/// Whether each value of the coarser steps is one of the space.
fn is_multiple(domain: &Domain, step: Number) -> bool {
    const TOLERANCE: f64 = 1e-9; // of a step
    let own = match domain {
        Domain::Float(float) => float.step,
        Domain::Int(int) => Some(int.step as f64),
        _ => None,
    };
    let times = own.map_or(1.0, |own| step.as_f64() / own);
    times >= 1.0 && (times - times.round()).abs() <= TOLERANCE
}

fn value(number: Number) -> Value {
    match number {
        Number::Int(int) => Value::Int(int),
        Number::Float(float) => Value::Float(float),
    }
}

/// The parameter with one value.
pub(super) fn fixed(own: &ParamSpec, value: Value) -> ParamSpec {
    ParamSpec { when: own.when.clone(), ..ParamSpec::constant(value) }
}

/// The same without a default that is outside.
pub(super) fn with_fitting_default(spec: ParamSpec) -> ParamSpec {
    let without = ParamSpec { default: None, confidence: None, ..spec.clone() };
    let alone = SpaceSpec::from_iter([("it", ParamSpec { when: None, ..spec.clone() })]);
    match Space::new(&alone, &RequireSpec::default()) {
        Err(SpaceError::DefaultOutside { .. }) => without,
        _ => spec,
    }
}

/// The space of narrowed parameters. One that would exist only beside values that are gone is gone
/// as well, with what is computed from it or required of it: it would never have a value.
pub(super) fn part(mut spec: SpaceSpec, mut require: RequireSpec) -> Result<Space, SpaceError> {
    let mut gone = BTreeSet::new();
    loop {
        let error = match Space::new(&spec, &require) {
            Ok(space) => return Ok(space),
            Err(error) => error,
        };
        match &error {
            SpaceError::NeverTaken { param, parent, value, .. } => {
                let when = spec.0.get_mut(param).and_then(|it| it.when.as_mut()?.get_mut(parent));
                let Some(when) = when else { return Err(error) };
                let left: Vec<_> =
                    when.as_slice().iter().filter(|it| *it != value).cloned().collect();
                if left.is_empty() {
                    spec.0.shift_remove(param);
                    gone.insert(param.clone());
                } else {
                    *when = OneOrMany::Many(left);
                }
            }
            SpaceError::UnknownParent { param, parent, .. } if gone.contains(parent) => {
                spec.0.shift_remove(param);
                gone.insert(param.clone());
            }
            SpaceError::UnknownVariable { place, variable, .. } if gone.contains(variable) => {
                match place {
                    Place::Derived(name) => {
                        spec.0.shift_remove(name);
                        gone.insert(name.clone());
                    }
                    Place::Require(name) => drop(require.0.shift_remove(name)),
                }
            }
            // Some defaults are gone, and the others don't go together with what is in their place.
            SpaceError::DefaultsBreak { .. } => {
                for param in spec.0.values_mut() {
                    (param.default, param.confidence) = (None, None);
                }
            }
            _ => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPACE: &str = r#"{
        "rate": {"type": "float", "low": 1e-6, "high": 1e-2, "log": true, "default": 1e-5},
        "size": {"type": "int", "low": 16, "high": 256, "step": 16},
        "kind": {"type": "choice", "values": ["a", "b", "c"]},
        "beta": {"type": "float", "low": 0, "high": 1, "when": {"kind": ["b", "c"]}},
        "double": {"derive": "2 * beta"}
    }"#;

    fn narrowed(narrower: &str) -> Result<Space, NarrowError> {
        let require = [("small", "beta < 0.9")].into_iter().collect();
        let space = Space::new(&serde_json::from_str(SPACE).unwrap(), &require).unwrap();
        narrow(&space, &serde_json::from_str(narrower).unwrap())
    }

    #[test]
    fn bounds_steps_and_values_are_narrowed_and_the_rest_stays() {
        let part = narrowed(
            r#"{"rate": {"low": 1e-4}, "size": {"low": 32, "step": 32}, "kind": {"values": ["a", "b"]}}"#,
        );
        let part = part.unwrap();
        let domains: Vec<_> = part.params().iter().map(|it| it.domain().to_string()).collect();
        let wanted = ["0.0001 to 0.01 (log)", "32 to 256 in steps of 32", "a, b", "0.0 to 1.0"];
        assert_eq!(domains, wanted);
        assert_eq!(part.param("rate").unwrap().default(), None, "it is outside now");
        assert_eq!((part.derived().len(), part.requires().len()), (1, 1));
    }

    #[test]
    fn a_fixed_parent_takes_with_it_what_would_never_exist() {
        let part = narrowed(r#"{"kind": "a", "size": 64}"#).unwrap();
        let names: Vec<_> = part.axes().map(Param::name).collect();
        assert_eq!(names, ["rate"]);
        assert_eq!((part.derived().len(), part.requires().len()), (0, 0));
    }

    #[test]
    fn what_is_wider_or_unknown_or_not_to_be_narrowed_is_refused() {
        for (narrower, message) in [
            (r#"{"rte": {"low": 1}}"#, "the space has no parameter `rte`"),
            (r#"{"double": 3}"#, "`double` is derived: it follows from the other parameters"),
            (
                r#"{"rate": {"low": 1e-7}}"#,
                "parameter `rate`: low 1e-7 is not within 1e-6 to 0.01 (log)",
            ),
            (
                r#"{"size": {"low": 20}}"#,
                "parameter `size`: low 20 is not within 16 to 256 in steps of 16",
            ),
            (
                r#"{"size": {"step": 24}}"#,
                "parameter `size`: step 24 is not within 16 to 256 in steps of 16",
            ),
            (r#"{"kind": {"values": ["d"]}}"#, "parameter `kind`: values d is not within a, b, c"),
            (r#"{"kind": "d"}"#, "parameter `kind`: value d is not within a, b, c"),
            (r#"{"kind": {"low": 1}}"#, "`low` of `kind`, choice, can't be narrowed"),
            (r#"{"rate": {"log": false}}"#, "`log` of `rate`, float, can't be narrowed"),
            (
                r#"{"rate": {"low": 1e-3, "high": 1e-4}}"#,
                "parameter `rate`: low 0.001 is not below high 0.0001",
            ),
        ] {
            assert_eq!(narrowed(narrower).unwrap_err().to_string(), message);
        }
    }
}
