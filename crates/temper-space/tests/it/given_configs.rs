//! Configs that a person gives.

use crate::{config, space};

const SPACE: &str = "
    optimizer = { type = 'choice', values = ['adamw', 'sgd'] }
    momentum = { type = 'float', low = 0.0, high = 0.99, when = { optimizer = 'sgd' } }
    layers = { type = 'int', low = 1, high = 4 }
    schedule = 'cosine'
    width = { derive = 'layers * 64' }
";

/// Message, path and help.
fn refusal(given: &str) -> (String, String, Option<String>) {
    let error = space(SPACE).validate(&config(given)).expect_err("the config has a mistake");
    (error.to_string(), error.path().join("."), error.help())
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn constants_and_derived_values_may_be_left_out() {
    let space = space(SPACE);
    for given in [
        "optimizer = 'adamw'\nlayers = 2",
        "optimizer = 'sgd'\nmomentum = 0\nlayers = 2.0\nschedule = 'cosine'\nwidth = 128",
    ] {
        assert_eq!(space.validate(&config(given)), Ok(()), "{given}");
    }
}

#[test]
fn an_unknown_name_is_refused() {
    let (message, path, help) = refusal("optimiser = 'adamw'\nlayers = 2");
    assert_eq!(message, "`optimiser` is not a parameter of the space");
    assert_eq!((path.as_str(), help), ("optimiser", some("did you mean `optimizer`?")));
    let (_, _, help) = refusal("temperature = 1\noptimizer = 'adamw'\nlayers = 2");
    assert_eq!(help, None);
}

#[test]
fn a_missing_value_is_refused() {
    let (message, path, help) = refusal("optimizer = 'adamw'");
    assert_eq!(message, "parameter `layers` has no value");
    assert_eq!((path.as_str(), help), ("space.layers", some("give it one of 1 to 4")));
}

#[test]
fn a_value_outside_the_domain_is_refused() {
    let (message, path, help) = refusal("optimizer = 'lion'\nlayers = 2");
    assert_eq!(message, "parameter `optimizer`: lion is not among adamw, sgd");
    assert_eq!((path.as_str(), help), ("space.optimizer", some("choose one of them")));
    let (message, _, _) = refusal("optimizer = 'adamw'\nlayers = 2\nschedule = 'linear'");
    assert_eq!(message, "parameter `schedule`: linear is not among cosine");
}

#[test]
fn a_value_for_an_inactive_parameter_is_refused() {
    let (message, path, help) = refusal("optimizer = 'adamw'\nmomentum = 0.9\nlayers = 2");
    assert_eq!(message, "parameter `momentum` has a value, but exists only when optimizer is sgd");
    assert_eq!(path, "space.momentum");
    assert_eq!(help, some("leave it out, or change `optimizer`"));
}

#[test]
fn another_derived_value_than_the_computed_one_is_refused() {
    let (message, path, help) = refusal("optimizer = 'adamw'\nlayers = 2\nwidth = 100");
    assert_eq!(message, "derived parameter `width`: 100 is given, but `layers * 64` gives 128");
    assert_eq!((path.as_str(), help), ("space.width", some("leave it out: it is computed")));
}
