//! What can be wrong with a space, or with a config that a person gives.

use thiserror::Error;

use crate::{Condition, Domain, Number, Place, Unsatisfied, Value};

/// A mistake in the `[space]` or `[require]` table, or in a config that a person gives.
///
/// [`SpaceError::path`] says which key it is about and [`SpaceError::help`] the way out.
#[derive(Clone, Debug, PartialEq, Error)]
#[expect(missing_docs, reason = "the message of each variant says what its fields are")]
pub enum SpaceError {
    /// Neither `type` nor `derive`.
    #[error("parameter `{param}` has no type")]
    MissingType { param: String },
    /// A key that the type needs.
    #[error("parameter `{param}`: type `{kind}` needs `{key}`")]
    MissingKey { param: String, kind: &'static str, key: &'static str },
    /// A key that the type does not have.
    #[error("parameter `{param}`: `{key}` does not belong to {}", of_kind(kind))]
    ForeignKey { param: String, kind: &'static str, key: &'static str },
    /// An empty range, or one of a single value.
    #[error("parameter `{param}`: low {low} is not below high {high}")]
    Bounds { param: String, low: Number, high: Number },
    /// A logarithmic range that holds zero or negative numbers.
    #[error("parameter `{param}`: low {low} is not above 0, as log = true needs")]
    LogBound { param: String, low: Number },
    /// A step on the logarithmic scale.
    #[error("parameter `{param}`: step {step} together with log = true")]
    StepWithLog { param: String, step: Number },
    /// A step of zero or less.
    #[error("parameter `{param}`: step {step} is not above 0")]
    StepNotPositive { param: String, step: Number },
    /// A step that leaves `low` as the only value.
    #[error("parameter `{param}`: step {step} is larger than the range from {low} to {high}")]
    StepTooLarge { param: String, step: Number, low: Number, high: Number },
    /// A step that a float does not resolve.
    #[error(
        "parameter `{param}`: step {step} is too small beside {low} and {high}: floats do not tell \
         neighbours apart"
    )]
    StepTooSmall { param: String, step: Number, low: Number, high: Number },
    /// A fraction where an int needs a whole number.
    #[error("parameter `{param}`: {key} {value} is not a whole number")]
    NotInteger { param: String, key: &'static str, value: Number },
    /// A bound or step that is infinite or not a number.
    #[error("parameter `{param}`: {key} {value} is not a finite number")]
    NotFinite { param: String, key: &'static str, value: Number },
    /// An empty list of values.
    #[error("parameter `{param}` has no values")]
    NoValues { param: String },
    /// A value twice in the list.
    #[error("parameter `{param}`: value {value} comes twice")]
    DuplicateValue { param: String, value: Value },
    /// A value of an ordinal that is no number.
    #[error("parameter `{param}`: ordinal value {value} is not a number")]
    NotNumber { param: String, value: Value },
    /// A default that the parameter can't take.
    #[error("parameter `{param}`: default {value} is not among {domain}")]
    DefaultOutside { param: String, value: Value, domain: Domain },
    /// A confidence in a default that is not there.
    #[error("parameter `{param}` has a `confidence`, but no `default`")]
    ConfidenceAlone { param: String },
    /// A condition on something that is not in the space.
    #[error("parameter `{param}`: its condition names `{parent}`, which is not a parameter")]
    UnknownParent { param: String, parent: String, nearest: Option<String> },
    /// A condition on a float without step, or on a derived parameter.
    #[error(
        "parameter `{param}`: its condition names `{parent}`, which is {}: \
         conditions need a parent with discrete values",
        of_kind(kind)
    )]
    ContinuousParent { param: String, parent: String, kind: &'static str },
    /// A condition that accepts a value which the parent can't take.
    #[error("parameter `{param}`: its condition asks for {parent} = {value}, not among {domain}")]
    NeverTaken { param: String, parent: String, value: Value, domain: Domain },
    /// A condition with an empty list of values.
    #[error("parameter `{param}`: its condition accepts no value of `{parent}`")]
    NoAccepted { param: String, parent: String },
    /// Conditions of which each names the next parameter, and the last the first.
    #[error("conditions go in a circle: {}", circle_text(circle))]
    ConditionCircle { circle: Vec<String> },
    /// An expression that does not parse.
    #[error("{place}: `{expression}` is not an expression: {detail}")]
    Syntax { place: Place, expression: String, detail: String },
    /// A name in an expression that is neither a parameter nor a function.
    #[error("{place}: `{expression}` names `{variable}`, which is not a parameter")]
    UnknownVariable { place: Place, expression: String, variable: String, nearest: Option<String> },
    /// Derived parameters of which each names the next, and the last the first.
    #[error("derived parameters go in a circle: {}", circle_text(circle))]
    DerivedCircle { circle: Vec<String> },
    /// A unit of zero or less.
    #[error("derived parameter `{param}`: multiple_of {multiple_of} is not above 0")]
    MultipleOf { param: String, multiple_of: i64 },
    /// A require that is not a truth value, for the middle of the space.
    #[error("require `{name}`: `{expression}` is {result}, neither true nor false")]
    NotBool { name: String, expression: String, result: String },
    /// Every active parameter has a default, and together they are not runnable.
    #[error("the defaults are not runnable: {unsatisfied}")]
    DefaultsBreak { unsatisfied: Unsatisfied },
    /// No config that was tried is runnable; the place is the one that failed most often.
    #[error("{place} fails in {failed} of {tried} tried configurations, and none is runnable")]
    Impossible { place: Place, failed: u64, tried: u64 },
    /// A given config names something that is not in the space.
    #[error("`{name}` is not a parameter of the space")]
    UnknownName { name: String, nearest: Option<String> },
    /// A given config leaves an active parameter out.
    #[error("parameter `{param}` has no value")]
    MissingValue { param: String, domain: Domain },
    /// A given config has a value that the parameter can't take.
    #[error("parameter `{param}`: {value} is not among {domain}")]
    OutsideValue { param: String, value: Value, domain: Domain },
    /// A given config has a value for a parameter that does not exist in it.
    #[error("parameter `{param}` has a value, but exists only when {condition}")]
    InactiveValue { param: String, condition: Condition },
    /// A given config has another value for a derived parameter than the space computes.
    #[error("derived parameter `{param}`: {value} is given, but `{expression}` gives {computed}")]
    DerivedValue { param: String, value: Value, expression: String, computed: String },
}

fn of_kind(kind: &str) -> String {
    match kind {
        "derived" => "a derived parameter".to_owned(),
        "int" | "ordinal" => format!("an {kind}"),
        _ => format!("a {kind}"),
    }
}

fn circle_text(circle: &[String]) -> String {
    let names: Vec<_> = circle.iter().chain(circle.first()).map(String::as_str).collect();
    names.join(" -> ")
}
