//! The unit interval of one parameter: its levels, and moves that stay inside.

use temper_space::{Domain, IntDomain, Scale, Value};

/// The place inside the unit interval that a mirror at either end shows for this one.
pub(crate) fn reflect(place: f64) -> f64 {
    let place = place.rem_euclid(2.0);
    if place > 1.0 { 2.0 - place } else { place }
}

/// The part of the unit interval that decodes to the same value; `None` for continuous domains.
pub(crate) fn bucket(domain: &Domain, place: f64) -> Option<(f64, f64)> {
    let levels = domain.levels()? as f64;
    if let Domain::Int(IntDomain { low, high, scale: Scale::Log, .. }) = domain {
        // The integers of a logarithmic scale meet half way, so their buckets differ in width.
        let value = domain.decode(place).as_i64()?;
        let edge = |number: f64| domain.encode(&Value::Float(number));
        let lower = if value <= *low { 0.0 } else { edge(value as f64 - 0.5) };
        let upper = if value >= *high { 1.0 } else { edge(value as f64 + 0.5) };
        return Some((lower, upper));
    }
    let index = (place.clamp(0.0, 1.0) * levels).floor().min(levels - 1.0);
    Some((index / levels, (index + 1.0) / levels))
}

/// The middle of the bucket next to this one (`lower`, `upper`): of the upper one if `step` is
/// positive. At an end of the interval it is the one on the other side.
pub(crate) fn neighbour(domain: &Domain, (lower, upper): (f64, f64), step: f64) -> f64 {
    let is_upward = (step > 0.0 && upper < 1.0) || lower <= 0.0;
    if let Domain::Int(IntDomain { scale: Scale::Log, .. }) = domain
        && let Some(value) = domain.decode(f64::midpoint(lower, upper)).as_i64()
    {
        let next = if is_upward { value.saturating_add(1) } else { value.saturating_sub(1) };
        return domain.encode(&Value::Int(next));
    }
    let width = if is_upward { upper - lower } else { lower - upper };
    (f64::midpoint(lower, upper) + width).clamp(0.0, 1.0)
}

/// The place of a choice's value with this index among `levels`.
pub(crate) fn level_place(index: u64, levels: u64) -> f64 {
    (index as f64 + 0.5) / levels as f64
}

/// The index among `levels` of the value at a place.
pub(crate) fn level_index(place: f64, levels: u64) -> u64 {
    ((place * levels as f64).floor() as u64).min(levels.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log_int() -> Domain {
        Domain::Int(IntDomain { low: 1, high: 50, scale: Scale::Log, step: 1 })
    }

    #[test]
    fn a_reflection_stays_inside() {
        for (place, inside) in
            [(0.25, 0.25), (-0.25, 0.25), (1.25, 0.75), (2.25, 0.25), (-1.25, 0.75)]
        {
            assert_eq!(reflect(place), inside);
        }
    }

    #[test]
    fn a_bucket_is_what_decodes_to_the_value() {
        let linear = Domain::Int(IntDomain { low: -3, high: 9, scale: Scale::Linear, step: 2 });
        let choice = Domain::Choice(vec![true.into(), false.into(), "auto".into()]);
        for domain in [log_int(), linear, choice] {
            for step in 0..1000 {
                let place = f64::from(step) / 1000.0;
                let (lower, upper) = bucket(&domain, place).unwrap();
                let value = domain.decode(place);
                for inside in [lower + 1e-9, f64::midpoint(lower, upper), upper - 1e-9] {
                    assert_eq!(domain.decode(inside), value, "{domain} at {place}");
                }
            }
        }
    }

    #[test]
    fn a_neighbour_is_one_level_away_and_turns_at_the_ends() {
        let domain = log_int();
        let step = |value: i64, step: f64| {
            let bucket = bucket(&domain, domain.encode(&Value::Int(value))).unwrap();
            domain.decode(neighbour(&domain, bucket, step)).as_i64().unwrap()
        };
        assert_eq!([step(7, 0.1), step(7, -0.1), step(1, -0.1), step(50, 0.1)], [8, 6, 2, 49]);
    }
}
