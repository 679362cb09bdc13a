//! Every mistake in a parameter: its message, the key it is about, and the way out.

use temper_space::{Number, ParamSpec, RequireSpec, Space, SpaceSpec};

use crate::{mistake, try_space};

#[test]
fn a_type_and_its_keys_are_needed() {
    mistake(
        "lr = { low = 0.1, high = 1.0 }",
        "space.lr",
        "parameter `lr` has no type",
        "give it type = \"float\", \"int\", \"choice\", \"ordinal\" or \"const\", \
         or derive = \"...\" to compute it",
    );
    mistake(
        "lr = { type = 'float', low = 0.1 }",
        "space.lr",
        "parameter `lr`: type `float` needs `high`",
        "add `high`",
    );
    mistake(
        "o = { type = 'ordinal' }",
        "space.o",
        "parameter `o`: type `ordinal` needs `values`",
        "add `values`",
    );
}

#[test]
fn a_key_of_another_type_is_refused() {
    mistake(
        "o = { type = 'choice', values = [1, 2], step = 1 }",
        "space.o.step",
        "parameter `o`: `step` does not belong to a choice",
        "type `choice` takes `type`, `values`, `default`, `confidence`, `when`",
    );
    mistake(
        "n = { type = 'int', low = 1, high = 2, values = [1] }",
        "space.n.values",
        "parameter `n`: `values` does not belong to an int",
        "type `int` takes `type`, `low`, `high`, `log`, `step`, `default`, `confidence`, `when`",
    );
    mistake(
        "n = 1\nx = { derive = 'n', default = 3 }",
        "space.x.default",
        "parameter `x`: `default` does not belong to a derived parameter",
        "a derived parameter is computed: remove `default` or `derive`",
    );
}

#[test]
fn a_range_goes_upwards() {
    mistake(
        "lr = { type = 'float', low = 0.1, high = 0.01 }",
        "space.lr.low",
        "parameter `lr`: low 0.1 is not below high 0.01",
        "swap low and high; for a fixed value, use type = \"const\"",
    );
    mistake(
        "n = { type = 'int', low = 3, high = 3 }",
        "space.n.low",
        "parameter `n`: low 3 is not below high 3",
        "for a fixed value, use type = \"const\" and value = 3",
    );
}

#[test]
fn a_logarithmic_range_is_positive() {
    mistake(
        "lr = { type = 'float', low = 0.0, high = 0.1, log = true }",
        "space.lr.low",
        "parameter `lr`: low 0.0 is not above 0, as log = true needs",
        "choose a small positive low, or drop log",
    );
}

#[test]
fn a_step_is_positive_and_fits_the_range() {
    mistake(
        "n = { type = 'int', low = 1, high = 8, log = true, step = 2 }",
        "space.n.step",
        "parameter `n`: step 2 together with log = true",
        "drop one of them; for chosen values, use type = \"ordinal\"",
    );
    mistake(
        "n = { type = 'int', low = 1, high = 8, step = 0 }",
        "space.n.step",
        "parameter `n`: step 0 is not above 0",
        "choose a positive step, or drop it",
    );
    for (kind, step) in [("int", "8"), ("float", "8")] {
        mistake(
            &format!("n = {{ type = '{kind}', low = 1, high = 8, step = {step} }}"),
            "space.n.step",
            "parameter `n`: step 8 is larger than the range from 1 to 8",
            "choose a smaller step",
        );
    }
    mistake(
        "x = { type = 'float', low = 1e6, high = 2e6, step = 1e-12 }",
        "space.x.step",
        "parameter `x`: step 1e-12 is too small beside 1000000.0 and 2000000.0: \
         floats do not tell neighbours apart",
        "drop the step, or choose a larger one",
    );
}

#[test]
fn bounds_are_numbers_of_the_type() {
    mistake(
        "n = { type = 'int', low = 1.5, high = 8 }",
        "space.n.low",
        "parameter `n`: low 1.5 is not a whole number",
        "use a whole number, or type = \"float\" for fractions",
    );
    mistake(
        "x = { type = 'float', low = 0, high = inf }",
        "space.x.high",
        "parameter `x`: high inf is not a finite number",
        "use a finite number",
    );
    mistake(
        "n = { type = 'int', low = nan, high = 1 }",
        "space.n.low",
        "parameter `n`: low NaN is not a finite number",
        "use a finite number",
    );
    assert!(try_space("n = { type = 'int', low = 1.0, high = 8.0 }", "").is_ok());
}

#[test]
fn values_are_listed_once() {
    mistake(
        "o = { type = 'choice', values = [] }",
        "space.o.values",
        "parameter `o` has no values",
        "list at least one value",
    );
    mistake(
        "o = { type = 'choice', values = [8, 'a', 8.0] }",
        "space.o.values",
        "parameter `o`: value 8.0 comes twice",
        "list each value once; 8 and 8.0 are the same value",
    );
    mistake(
        "o = { type = 'ordinal', values = [8, 'a'] }",
        "space.o.values",
        "parameter `o`: ordinal value a is not a number",
        "use type = \"choice\" for values that are not numbers",
    );
}

#[test]
fn a_default_lies_in_the_domain() {
    mistake(
        "lr = { type = 'float', low = 1e-6, high = 1e-3, log = true, default = 1 }",
        "space.lr.default",
        "parameter `lr`: default 1 is not among 1e-6 to 0.001 (log)",
        "choose one of them, or drop `default`",
    );
}

#[test]
fn a_confidence_stands_beside_a_default() {
    mistake(
        "lr = { type = 'float', low = 1e-6, high = 1e-3, confidence = 'high' }",
        "space.lr.confidence",
        "parameter `lr` has a `confidence`, but no `default`",
        "add the `default` that it is about, or drop it",
    );
    mistake(
        "s = { type = 'const', value = 3, confidence = 'high' }",
        "space.s.confidence",
        "parameter `s`: `confidence` does not belong to a const",
        "type `const` takes `type`, `value`, `when`",
    );
    mistake(
        "n = 1\nx = { derive = 'n', confidence = 'low' }",
        "space.x.confidence",
        "parameter `x`: `confidence` does not belong to a derived parameter",
        "a derived parameter is computed: remove `confidence` or `derive`",
    );
}

#[test]
fn a_condition_names_a_discrete_parameter_and_values_that_it_takes() {
    let child = |when: &str| {
        format!(
            "optimizer = {{ type = 'choice', values = ['adamw', 'sgd'] }}\n\
             x = {{ type = 'float', low = 0, high = 1 }}\n\
             d = {{ derive = 'x * 2' }}\n\
             m = {{ type = 'float', low = 0, high = 1, when = {{ {when} }} }}"
        )
    };
    mistake(
        &child("optimiser = 'sgd'"),
        "space.m.when.optimiser",
        "parameter `m`: its condition names `optimiser`, which is not a parameter",
        "did you mean `optimizer`?",
    );
    mistake(
        &child("x = 0.5"),
        "space.m.when.x",
        "parameter `m`: its condition names `x`, which is a float: \
         conditions need a parent with discrete values",
        "give the float a step, or make it an ordinal",
    );
    mistake(
        &child("d = 1"),
        "space.m.when.d",
        "parameter `m`: its condition names `d`, which is a derived parameter: \
         conditions need a parent with discrete values",
        "name the parameters that it is computed from",
    );
    mistake(
        &child("optimizer = ['sgd', 'lion']"),
        "space.m.when.optimizer",
        "parameter `m`: its condition asks for optimizer = lion, not among adamw, sgd",
        "choose one of them",
    );
    mistake(
        &child("optimizer = []"),
        "space.m.when.optimizer",
        "parameter `m`: its condition accepts no value of `optimizer`",
        "list at least one value, or drop the condition",
    );
    assert!(try_space(&child(""), "").is_ok(), "an empty condition is none");
}

#[test]
fn conditions_in_a_circle_are_named() {
    mistake(
        "a = { type = 'choice', values = [1, 2], when = { b = 1 } }\n\
         b = { type = 'choice', values = [1, 2], when = { a = 1 } }",
        "space.a.when",
        "conditions go in a circle: a -> b -> a",
        "drop one of these conditions",
    );
}

#[test]
fn a_spec_that_a_program_builds_is_checked_too() {
    let param = ParamSpec { low: Some(Number::Int(1)), ..ParamSpec::constant(3) };
    let error = Space::new(&SpaceSpec::from_iter([("n", param)]), &RequireSpec::default());
    assert_eq!(error.unwrap_err().path(), ["space", "n", "low"]);
}
