//! The language of `derive` and `[require]`.

use temper_space::{Config, Derived, Unsatisfied, Value};

use crate::{config, space, try_space};

/// The derived value of an expression over n = 128, h = 4, p = 0.5 and o = "sgd".
fn derive_with(expression: &str, rest: &str) -> Result<Value, Unsatisfied> {
    let space = space(&format!(
        "n = 128\nh = 4\np = 0.5\no = \"sgd\"\nx = {{ derive = '{expression}'{rest} }}"
    ));
    let config = space.complete(Config::new())?;
    Ok(config.get("x").expect("no variable is inactive").clone())
}

fn derive(expression: &str) -> Value {
    derive_with(expression, "").expect("the test's expression has a value")
}

#[test]
fn operators_are_those_of_python() {
    for (expression, value) in [
        ("n * 8 / 3", Value::Float(1024.0 / 3.0)),
        ("n // 3", Value::Int(42)),
        ("n / h", Value::Int(32)),
        ("h ** 2", Value::Int(16)),
        ("2 ** p", Value::Float(2f64.sqrt())),
        ("n % 3", Value::Int(2)),
        ("-7 // 2", Value::Int(-4)),
        ("-7 % 3", Value::Int(2)),
        ("n - 2 * (h + 1)", Value::Int(118)),
        ("h * p", Value::Int(2)),
        ("not h == 3", Value::Bool(true)),
        ("not o in [\"adamw\"]", Value::Bool(true)),
        ("o not in [\"adamw\"]", Value::Bool(true)),
        ("true and not false", Value::Bool(true)),
        ("True and not False", Value::Bool(true)),
        ("h == 4.0 and p < 1", Value::Bool(true)),
        ("not (h > 3 or p > 3)", Value::Bool(false)),
        ("h in [2, 4]", Value::Bool(true)),
        ("o in [\"adamw\", \"lion\"]", Value::Bool(false)),
        ("2 <= h <= 4", Value::Bool(true)),
        ("n if o == \"sgd\" else h", Value::Int(128)),
        ("o ~ \"_fast\"", Value::from("sgd_fast")),
        ("8 == 8.0", Value::Bool(true)),
    ] {
        assert_eq!(derive(expression), value, "{expression}");
    }
    assert!(matches!(derive("h * p"), Value::Int(2)), "whole numbers become ints");
}

#[test]
fn powers_group_from_the_left_and_after_a_minus() {
    assert_eq!(derive("2 ** 3 ** 2"), Value::Int(64));
    assert_eq!(derive("-h ** 2"), Value::Int(16));
    assert_eq!(derive("-(h ** 2)"), Value::Int(-16));
}

#[test]
fn functions_take_ints_and_floats() {
    for (expression, value) in [
        ("sqrt(h)", Value::Int(2)),
        ("log(p)", Value::Float(0.5f64.ln())),
        ("log2(n)", Value::Int(7)),
        ("exp(p)", Value::Float(0.5f64.exp())),
        ("min(h, p, n)", Value::Float(0.5)),
        ("max(h, n)", Value::Int(128)),
        ("floor(h / 3)", Value::Int(1)),
        ("ceil(h / 3)", Value::Int(2)),
        ("round(2.5)", Value::Int(3)),
        ("abs(h - n)", Value::Int(124)),
        ("abs(-p)", Value::Float(0.5)),
    ] {
        assert_eq!(derive(expression), value, "{expression}");
    }
}

#[test]
fn a_multiple_is_the_nearest_the_next_or_the_previous_one() {
    let derive = |expression, rest| derive_with(expression, rest).unwrap();
    for (expression, rest, value) in [
        ("n * 8 / 3", ", multiple_of = 64", 320),
        ("n * 8 / 3", ", multiple_of = 64, round = \"up\"", 384),
        ("n * 8 / 3", ", multiple_of = 64, round = \"down\"", 320),
        ("n", ", multiple_of = 128, round = \"up\"", 128),
        ("96", ", multiple_of = 64", 128),
        ("95", ", multiple_of = 64", 64),
        ("95", ", multiple_of = 64, round = \"up\"", 128),
        ("h", ", multiple_of = 64", 64),
        ("-h", ", multiple_of = 64", 64),
        ("n / 3", ", round = \"nearest\"", 43),
        ("n / 3", ", round = \"down\"", 42),
        ("-n / 3", ", round = \"up\"", -42),
        ("-5", ", round = \"nearest\"", -5),
    ] {
        let derived = derive(expression, rest);
        assert!(matches!(derived, Value::Int(_)), "{expression}{rest} gives {derived}");
        assert_eq!(derived, Value::Int(value), "{expression}{rest}");
    }
}

#[test]
fn a_result_that_is_no_value_says_so() {
    let message = |expression, rest| derive_with(expression, rest).unwrap_err().to_string();
    assert_eq!(message("log(-h)", ""), "derived parameter `x`: `log(-h)` is NaN for h = 4");
    assert_eq!(
        message("10.0 ** (n * 3)", ""),
        "derived parameter `x`: `10.0 ** (n * 3)` is inf for n = 128"
    );
    assert_eq!(
        message("[n, h]", ""),
        "derived parameter `x`: `[n, h]` is [128, 4] for h = 4, n = 128"
    );
    assert_eq!(message("o", ", multiple_of = 8"), "derived parameter `x`: `o` is sgd for o = sgd");
    assert!(message("n * 1e300", ", multiple_of = 8").contains("is 1.28e302"));
    let division = message("n // (h - 4)", "");
    assert!(
        division.starts_with(
            "derived parameter `x`: `n // (h - 4)` can't be computed for h = 4, n = 128: "
        ),
        "{division}"
    );
    let mixed = message("n + o", "");
    assert!(mixed.contains("can't be computed for n = 128, o = sgd: "), "{mixed}");
}

#[test]
fn a_derived_parameter_may_use_another_one() {
    let space = space(
        "c = { derive = 'b + 1' }\nb = { derive = 'a * 2' }\na = { type = 'int', low = 1, high = 9 }",
    );
    let names: Vec<_> = space.derived().iter().map(Derived::name).collect();
    assert_eq!(names, ["b", "c"]);
    assert_eq!(space.derived()[1].variables(), ["b"]);
    let completed = space.complete(config("a = 3\nb = 99")).unwrap();
    assert_eq!(completed, config("a = 3\nb = 6\nc = 7"));
}

#[test]
fn a_false_require_names_the_values() {
    let space = try_space(
        "hidden_size = { type = 'int', low = 1, high = 99 }\nnum_heads = { type = 'int', low = 1, high = 9 }",
        "heads_divide = 'hidden_size % num_heads == 0'",
    )
    .unwrap();
    assert_eq!(space.requires()[0].expression(), "hidden_size % num_heads == 0");
    assert!(space.complete(config("hidden_size = 12\nnum_heads = 4")).is_ok());
    let error = space.complete(config("hidden_size = 13\nnum_heads = 4")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "require `heads_divide`: `hidden_size % num_heads == 0` is false for \
         hidden_size = 13, num_heads = 4"
    );
    assert_eq!(error.name(), "heads_divide");
}

#[test]
fn a_require_that_is_no_truth_value_for_some_config_says_so() {
    let space =
        try_space("n = { type = 'int', low = 0, high = 9 }", "odd = 'n if n == 3 else true'")
            .unwrap();
    let error = space.complete(config("n = 3")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "require `odd`: `n if n == 3 else true` is 3, neither true nor false"
    );
}

#[test]
fn what_names_an_inactive_parameter_does_not_apply() {
    let space = try_space(
        "o = { type = 'choice', values = ['adamw', 'sgd'] }\n\
         m = { type = 'float', low = 0.0, high = 1.0, when = { o = 'sgd' } }\n\
         d = { derive = 'm * 2' }\n\
         e = { derive = 'd + 1' }",
        "small = 'm < 0.5'",
    )
    .unwrap();
    assert_eq!(space.complete(config("o = 'adamw'")).unwrap(), config("o = 'adamw'"));
    let completed = space.complete(config("o = 'sgd'\nm = 0.25")).unwrap();
    assert_eq!(completed, config("o = 'sgd'\nm = 0.25\nd = 0.5\ne = 1.5"));
    assert!(space.complete(config("o = 'sgd'\nm = 0.75")).is_err());
}
