//! Every mistake in an expression: its message, the key it is about, and the way out.

use crate::{mistake, mistake_with, try_space};

#[test]
fn derived_parameters_in_a_circle_are_named() {
    mistake(
        "a = { derive = 'b + 1' }\nb = { derive = 'c + 1' }\nc = { derive = 'a + 1' }",
        "space.a.derive",
        "derived parameters go in a circle: a -> b -> c -> a",
        "compute one of them from other parameters",
    );
}

#[test]
fn a_multiple_is_positive() {
    mistake(
        "n = 8\nd = { derive = 'n', multiple_of = 0 }",
        "space.d.multiple_of",
        "derived parameter `d`: multiple_of 0 is not above 0",
        "choose a positive number, or drop `multiple_of`",
    );
}

#[test]
fn an_expression_has_to_parse() {
    for (text, help) in [
        ("n > 1 && n < 9", "write `and`, `or` and `not` for `&&`, `||` and `!`"),
        ("n > 1 || n < 9", "write `and`, `or` and `not` for `&&`, `||` and `!`"),
        ("!(n > 1)", "write `and`, `or` and `not` for `&&`, `||` and `!`"),
        ("n != ", "expressions are written as in Python: hidden_size % num_heads == 0"),
        ("n | upper", "expressions are written as in Python: hidden_size % num_heads == 0"),
        ("sqrt(n, 2) > 1", "expressions are written as in Python: hidden_size % num_heads == 0"),
    ] {
        let error = try_space("n = { type = 'int', low = 1, high = 9 }", &format!("r = '{text}'"))
            .expect_err(text);
        let message = error.to_string();
        let start = format!("require `r`: `{text}` is not an expression: ");
        assert!(message.starts_with(&start) && message.len() > start.len(), "{message}");
        assert_eq!(error.path(), ["require", "r"]);
        assert_eq!(error.help().as_deref(), Some(help), "{text}");
    }
}

#[test]
fn an_expression_names_parameters_and_functions() {
    mistake(
        "hidden_size = 8\nd = { derive = 'hiden_size * 2' }",
        "space.d.derive",
        "derived parameter `d`: `hiden_size * 2` names `hiden_size`, which is not a parameter",
        "did you mean `hidden_size`?",
    );
    mistake_with(
        "optimizer = 'sgd'",
        "r = 'optimizer == sgd'",
        "require.r",
        "require `r`: `optimizer == sgd` names `sgd`, which is not a parameter",
        "texts need quotes: 'sgd'",
    );
    mistake_with(
        "n = 8",
        "r = 'sqr(n) > 1'",
        "require.r",
        "require `r`: `sqr(n) > 1` names `sqr`, which is not a parameter",
        "did you mean `sqrt`?",
    );
}

#[test]
fn a_require_is_a_truth_value() {
    mistake_with(
        "n = 8\nm = 3",
        "r = 'n % m'",
        "require.r",
        "require `r`: `n % m` is 2, neither true nor false",
        "compare it with something: ==, !=, <, <=, >, >=",
    );
}

#[test]
fn full_defaults_have_to_run() {
    let params = "n = { type = 'int', low = 1, high = 9, default = 5 }\n\
                  m = { type = 'int', low = 1, high = 9, default = 2 }";
    mistake_with(
        params,
        "even = 'n % m == 0'",
        "require.even",
        "the defaults are not runnable: require `even`: `n % m == 0` is false for m = 2, n = 5",
        "change the defaults, or drop one of them",
    );
    let partly = params.replace(", default = 2", "");
    assert!(try_space(&partly, "even = 'n % m == 0'").is_ok());
}

#[test]
fn the_probe_names_the_require_that_failed_most_often() {
    let space = try_space(
        "n = { type = 'int', low = 1, high = 100 }",
        "small = 'n < 50'\nlarge = 'n > 90'",
    )
    .unwrap();
    let error = space.probe().unwrap_err();
    assert_eq!(
        error.to_string(),
        "require `small` fails in 51 of 100 tried configurations, and none is runnable"
    );
    assert_eq!(error.path(), ["require", "small"]);
    assert_eq!(error.help().as_deref(), Some("loosen the require, or widen the space"));

    let space =
        try_space("x = { type = 'float', low = 1, high = 2 }\nd = { derive = 'log(-x)' }", "")
            .unwrap();
    let error = space.probe().unwrap_err();
    assert_eq!(
        error.to_string(),
        "derived parameter `d` fails in 20000 of 20000 tried configurations, and none is runnable"
    );
    assert_eq!(error.path(), ["space", "d", "derive"]);
    let help = error.help();
    assert_eq!(help.as_deref(), Some("change `derive` so that it gives a finite number"));
}
