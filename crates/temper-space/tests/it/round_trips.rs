//! Encode and decode are each other's inverse, for domains and spaces drawn at random.

use proptest::prelude::*;
use temper_space::{Domain, FloatDomain, IntDomain, Scale, Value};

use crate::{FINETUNE, space};

fn discrete() -> impl Strategy<Value = Domain> {
    let scale = prop_oneof![Just(Scale::Linear), Just(Scale::Log)];
    let int =
        (1i64..10_000, 1i64..100_000, 1i64..50, scale).prop_map(|(low, size, step, scale)| {
            let step = if scale == Scale::Log { 1 } else { step.min(size) };
            Domain::Int(IntDomain { low, high: low + size, scale, step })
        });
    let negative = (-1_000_000i64..0, 1i64..2_000_000).prop_map(|(low, size)| {
        Domain::Int(IntDomain { low, high: low + size, scale: Scale::Linear, step: 1 })
    });
    let stepped = (-1_000i32..1_000, 1i32..1_000, 0i32..8, 1u32..500).prop_map(
        |(low, step, decimals, steps)| {
            let unit = 10f64.powi(-decimals);
            let (low, step) = (f64::from(low) * unit, f64::from(step) * unit);
            let high = low + (f64::from(steps) + 0.3) * step;
            Domain::Float(FloatDomain { low, high, scale: Scale::Linear, step: Some(step) })
        },
    );
    let choice = (1usize..40).prop_map(|count| {
        Domain::Choice((0..count).map(|index| Value::from(format!("v{index}"))).collect())
    });
    let ordinal = (1i64..40)
        .prop_map(|count| Domain::Ordinal((0..count).map(|k| Value::Int(k * k)).collect()));
    prop_oneof![int, negative, stepped, choice, ordinal]
}

fn continuous() -> impl Strategy<Value = Domain> {
    let range = (-300.0..300.0f64, 1e-3..20.0f64);
    let log = range.prop_map(|(exponent, decades)| FloatDomain {
        low: 10f64.powf(exponent),
        high: 10f64.powf((exponent + decades).min(308.0)),
        scale: Scale::Log,
        step: None,
    });
    let linear = (-1e6..1e6f64, 1e-3..1e9f64).prop_map(|(low, size)| FloatDomain {
        low,
        high: low + size,
        scale: Scale::Linear,
        step: None,
    });
    prop_oneof![log, linear].prop_map(Domain::Float)
}

proptest! {
    #[test]
    fn what_is_decoded_lies_in_the_domain(
        domain in prop_oneof![discrete(), continuous()],
        place in 0.0..=1.0f64,
    ) {
        for place in [place, 0.0, 1.0] {
            let value = domain.decode(place);
            prop_assert!(domain.contains(&value), "{} not in {}", value, domain);
            prop_assert!((0.0..=1.0).contains(&domain.encode(&value)));
        }
    }

    #[test]
    fn a_discrete_value_comes_back_exactly(domain in discrete(), index: u64) {
        let levels = domain.levels().unwrap();
        for index in [index % levels, 0, levels - 1] {
            let value = domain.level(index);
            prop_assert!(domain.contains(&value), "{} not in {}", value, domain);
            prop_assert_eq!(domain.decode(domain.encode(&value)), value);
        }
    }

    // An exponential turns an error of one rounding in ln(v), at most 709, into 709 of them in v.
    #[test]
    fn a_continuous_value_comes_back_nearly(domain in continuous(), place in 0.0..=1.0f64) {
        let value = domain.decode(place);
        let back = domain.decode(domain.encode(&value));
        let (value, back) = (value.as_f64().unwrap(), back.as_f64().unwrap());
        let Domain::Float(FloatDomain { low, high, scale, .. }) = domain else { unreachable!() };
        let size = if scale == Scale::Log { value } else { (high - low).max(low.abs()) };
        prop_assert!((value - back).abs() <= 1e-12 * size, "{} came back as {}", value, back);
    }

    #[test]
    fn a_config_comes_back_through_the_unit_cube(
        point in prop::collection::vec(0.0..=1.0f64, 10),
    ) {
        let space = space(FINETUNE);
        let first = space.decode(&point);
        prop_assert_eq!(space.validate(&first), Ok(()));
        let place = space.encode(&first);
        let second = space.decode(&place);
        prop_assert_eq!(first.len(), second.len());
        for (name, value) in first.iter() {
            let back = second.get(name).unwrap();
            match value {
                Value::Float(value) => {
                    prop_assert!((value - back.as_f64().unwrap()).abs() <= 1e-12 * value.abs().max(1.0));
                }
                _ => prop_assert_eq!(value, back),
            }
        }
        for ((axis, active), place) in space.axes().zip(space.active(&first)).zip(place) {
            prop_assert_eq!(active, first.contains(axis.name()));
            prop_assert!(active || place == 0.5);
        }
    }
}
