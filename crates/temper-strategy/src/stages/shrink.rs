//! The neighbourhood of a configuration.

use temper_core::{Config, Value};
use temper_space::{Domain, Number, Param, ParamSpec, Scale, Space, SpaceError};

use super::narrow::part;

/// An int or an ordinal keeps at least the neighbours of its centre: so many values.
const FEWEST: u64 = 3;

/// The part of the space around a configuration: each range has `factor` (above 0, at most 1) of its
/// width, in its own scale, and lies inside of the space's; choices keep all their values, and so
/// do parameters that the configuration lacks.
pub(super) fn shrink(space: &Space, centre: &Config, factor: f64) -> Result<Space, SpaceError> {
    let mut spec = space.spec().clone();
    for param in space.params() {
        let Some(value) = centre.get(param.name()) else { continue };
        if let Some(own) = spec.0.get_mut(param.name()) {
            shrink_param(own, param, value, factor);
        }
    }
    part(spec, space.require_spec().clone())
}

fn shrink_param(own: &mut ParamSpec, param: &Param, centre: &Value, factor: f64) {
    let domain = param.domain();
    let place = domain.encode(centre);
    match (domain, domain.levels()) {
        (Domain::Choice(_) | Domain::Const(_), _) => return,
        (Domain::Float(_), None) => {
            let (from, to) = window(place, factor);
            own.low = number(&domain.decode(from));
            own.high = number(&domain.decode(to));
        }
        (Domain::Int(int), _) if int.scale == Scale::Log => {
            let (from, to) = window(place, factor);
            let at = |place: f64| domain.decode(place).as_i64().unwrap_or(int.low);
            let near = at(place);
            own.low = Some(Number::Int(at(from).min(near - 1).max(int.low)));
            own.high = Some(Number::Int(at(to).max(near.saturating_add(1)).min(int.high)));
        }
        (_, Some(levels)) => {
            let (first, last) = level_window(place, levels, factor);
            if let Domain::Ordinal(values) = domain {
                own.values = Some(values[first as usize..=last as usize].to_vec());
            } else {
                own.low = number(&domain.level(first));
                own.high = number(&domain.level(last));
            }
        }
        (_, None) => return,
    }
    own.confidence = None;
    own.default = domain.canonical(centre).filter(|_| own.default.is_some());
}

/// The part of the unit interval of that width around a place, moved inside.
fn window(place: f64, width: f64) -> (f64, f64) {
    let from = (place - width / 2.0).clamp(0.0, 1.0 - width);
    (from, from + width)
}

/// The first and the last of the levels around a place.
fn level_window(place: f64, levels: u64, factor: f64) -> (u64, u64) {
    let count = ((levels as f64 * factor).ceil() as u64).max(FEWEST).min(levels);
    let centre = ((place * levels as f64).floor() as u64).min(levels - 1);
    let first = centre.saturating_sub((count - 1) / 2).min(levels - count);
    (first, first + count - 1)
}

fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Int(int) => Some(Number::Int(*int)),
        Value::Float(float) => Some(Number::Float(*float)),
        Value::Bool(_) | Value::Text(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use temper_space::RequireSpec;

    use super::*;

    fn around(spec: &str, centre: &[(&str, Value)], factor: f64) -> Vec<String> {
        let spec = serde_json::from_str(spec).unwrap();
        let space = Space::new(&spec, &RequireSpec::default()).unwrap();
        let centre = centre.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let part = shrink(&space, &centre.collect(), factor).unwrap();
        part.params().iter().map(|param| param.domain().to_string()).collect()
    }

    #[test]
    fn a_range_shrinks_in_its_own_scale_and_stays_inside() {
        let spec = r#"{
            "rate": {"type": "float", "low": 1e-6, "high": 1e-2, "log": true},
            "edge": {"type": "float", "low": 0, "high": 10},
            "size": {"type": "int", "low": 16, "high": 1024, "step": 16},
            "heads": {"type": "ordinal", "values": [1, 2, 4, 8, 16]},
            "kind": {"type": "choice", "values": ["a", "b"]}
        }"#;
        let centre = [
            ("rate", 1e-4.into()),
            ("edge", 9.9.into()),
            ("size", Value::Int(512)),
            ("heads", Value::Int(8)),
            ("kind", "b".into()),
        ];
        let ranges = around(spec, &centre, 0.5);
        let rates: Vec<f64> = ranges[0].split(' ').filter_map(|word| word.parse().ok()).collect();
        assert!((rates[0] / 1e-5 - 1.0).abs() < 1e-9 && (rates[1] / 1e-3 - 1.0).abs() < 1e-9);
        assert_eq!(ranges[1..], ["5.0 to 10.0", "272 to 768 in steps of 16", "4, 8, 16", "a, b"]);
    }

    #[test]
    fn a_parameter_beside_which_nothing_is_left_goes_with_it() {
        let spec = r#"{
            "layers": {"type": "int", "low": 1, "high": 20},
            "skip": {"type": "float", "low": 0, "high": 1, "when": {"layers": [18, 19, 20]}}
        }"#;
        assert_eq!(around(spec, &[("layers", Value::Int(2))], 0.1), ["1 to 3"]);
    }
}
