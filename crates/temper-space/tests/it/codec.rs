//! Single domains: levels, buckets, and the extremes.

use temper_space::{Domain, FloatDomain, IntDomain, Scale, Value};

fn float(low: f64, high: f64, step: f64) -> Domain {
    Domain::Float(FloatDomain { low, high, scale: Scale::Linear, step: Some(step) })
}

fn int(low: i64, high: i64, scale: Scale, step: i64) -> Domain {
    Domain::Int(IntDomain { low, high, scale, step })
}

fn levels(domain: &Domain) -> Vec<String> {
    (0..domain.levels().unwrap_or(0)).map(|index| domain.level(index).to_string()).collect()
}

#[test]
fn the_levels_of_a_step_have_no_more_decimals_than_the_step() {
    let tenths = levels(&float(0.0, 1.0, 0.1));
    assert_eq!(
        tenths,
        ["0.0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1.0"]
    );
    assert_eq!(levels(&float(0.05, 0.3, 0.1)), ["0.05", "0.15", "0.25"]);
    assert_eq!(levels(&float(-1e-6, 1e-6, 5e-7)), ["-1e-6", "-5e-7", "0.0", "5e-7", "1e-6"]);
    assert_eq!(levels(&float(0.0, 0.3, 0.1)).last().map(String::as_str), Some("0.3"));
}

#[test]
fn a_step_that_does_not_divide_the_range_leaves_the_high_bound_out() {
    assert_eq!(levels(&float(0.0, 1.0, 0.4)), ["0.0", "0.4", "0.8"]);
    let domain = int(1, 10, Scale::Linear, 4);
    assert_eq!(levels(&domain), ["1", "5", "9"]);
    assert!(domain.contains(&Value::Int(9)) && !domain.contains(&Value::Int(10)));
    assert!(!domain.contains(&Value::Int(6)) && !domain.contains(&Value::Int(13)));
}

#[test]
fn a_stepped_float_takes_a_number_that_is_off_by_a_rounding_error() {
    let domain = float(0.0, 1.0, 0.1);
    assert!(domain.contains(&Value::Float(0.1 + 0.2)));
    assert!(!domain.contains(&Value::Float(0.31)));
    assert!(!domain.contains(&Value::Float(1.1)) && !domain.contains(&Value::Float(-0.1)));
    assert_eq!(domain.decode(domain.encode(&Value::Float(0.1 + 0.2))), Value::Float(0.3));
}

#[test]
fn each_level_owns_an_equal_part_of_the_unit_interval() {
    let choice = Domain::Choice(["a", "b", "c"].map(Value::from).to_vec());
    for domain in [choice, int(-3, 8, Scale::Linear, 1), int(0, 20, Scale::Linear, 5)] {
        let count = domain.levels().unwrap();
        let draws = 1_000 * count;
        let mut drawn = vec![0u64; count as usize];
        for draw in 0..draws {
            let value = domain.decode((draw as f64 + 0.5) / draws as f64);
            let level = (0..count).find(|&index| domain.level(index) == value).unwrap();
            drawn[level as usize] += 1;
        }
        assert!(drawn.iter().all(|&times| times == 1_000), "{domain}: {drawn:?}");
    }
}

#[test]
fn the_bounds_of_a_logarithmic_int_are_as_likely_as_their_neighbours() {
    let domain = int(1, 1_000, Scale::Log, 1);
    let share = |value: i64| {
        let hits =
            (0..100_000).filter(|draw| domain.decode(f64::from(*draw) / 1e5) == value.into());
        hits.count() as f64 / 1e5
    };
    // ln((v + 1/2) / (v - 1/2)) / ln(1000.5 / 0.5)
    let whole = (1000.5f64 / 0.5).ln();
    assert!((share(1) - (1.5f64 / 0.5).ln() / whole).abs() < 1e-4);
    assert!((share(2) - (2.5f64 / 1.5).ln() / whole).abs() < 1e-4);
    assert_eq!(domain.decode(0.0), Value::Int(1));
    assert_eq!(domain.decode(1.0), Value::Int(1_000));
}

#[test]
fn all_64_bits_can_be_searched() {
    for domain in [
        int(i64::MIN, i64::MAX, Scale::Linear, 1),
        int(i64::MIN, i64::MAX, Scale::Linear, i64::MAX),
        int(1, i64::MAX, Scale::Log, 1),
        int(i64::MAX - 1, i64::MAX, Scale::Linear, 1),
    ] {
        for place in [0.0, 0.3, 0.999_999, 1.0] {
            let value = domain.decode(place);
            assert!(domain.contains(&value), "{domain}: {value}");
            assert!((0.0..=1.0).contains(&domain.encode(&value)), "{domain}: {value}");
        }
    }
    assert_eq!(int(i64::MIN, i64::MAX, Scale::Linear, 1).levels(), Some(u64::MAX));
    let widest = FloatDomain { low: f64::MIN, high: f64::MAX, scale: Scale::Linear, step: None };
    let widest = Domain::Float(widest);
    assert_eq!(widest.decode(0.5), Value::Float(0.0));
    assert_eq!(widest.encode(&Value::Float(f64::MAX)), 1.0);
}

#[test]
fn decoding_is_total() {
    let domain = int(1, 5, Scale::Linear, 1);
    assert_eq!(domain.decode(-3.0), Value::Int(1));
    assert_eq!(domain.decode(f64::INFINITY), Value::Int(5));
    assert_eq!(domain.decode(f64::NAN), Value::Int(3));
}

#[test]
fn a_foreign_value_is_encoded_as_the_nearest_bound_or_the_middle() {
    let domain = int(1, 5, Scale::Linear, 1);
    assert_eq!(domain.encode(&Value::Int(9)), domain.encode(&Value::Int(5)));
    assert_eq!(domain.encode(&Value::Float(-1e300)), domain.encode(&Value::Int(1)));
    assert_eq!(domain.encode(&Value::from("sgd")), 0.5);
    assert_eq!(domain.encode(&Value::Float(f64::NAN)), 0.5);
    assert_eq!(Domain::Choice(vec!["a".into()]).encode(&"b".into()), 0.5);
    assert_eq!(Domain::Const("a".into()).encode(&"a".into()), 0.5);
}

#[test]
fn a_domain_says_what_it_is() {
    let words = Domain::Choice(vec!["a".into(), "b".into()]);
    let numbers = Domain::Ordinal(vec![Value::Int(1), Value::Int(2)]);
    assert_eq!((words.is_numeric(), words.is_ordered(), words.kind()), (false, false, "choice"));
    assert_eq!(
        (numbers.is_numeric(), numbers.is_ordered(), numbers.kind()),
        (true, true, "ordinal")
    );
    assert_eq!(words.to_string(), "a, b");
    assert_eq!(float(0.0, 1.0, 0.25).to_string(), "0.0 to 1.0 in steps of 0.25");
    assert_eq!(int(1, 64, Scale::Log, 1).to_string(), "1 to 64 (log)");
}
