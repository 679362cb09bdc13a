//! For each error the key that it is about, and the way out.

use crate::param_spec::keys_of;
use crate::{Condition, Place, SpaceError};

impl SpaceError {
    /// The keys from the top of the study file to the one that the error is about, such as
    /// `["space", "learning_rate", "low"]`. An error about a given config names the parameter's
    /// own entry; one about an unknown name only that name.
    pub fn path(&self) -> Vec<String> {
        let keys: &[&str] = match self {
            Self::MissingType { param }
            | Self::MissingKey { param, .. }
            | Self::MissingValue { param, .. }
            | Self::OutsideValue { param, .. }
            | Self::InactiveValue { param, .. }
            | Self::DerivedValue { param, .. } => &["space", param],
            Self::ForeignKey { param, key, .. }
            | Self::NotInteger { param, key, .. }
            | Self::NotFinite { param, key, .. } => &["space", param, key],
            Self::Bounds { param, .. } | Self::LogBound { param, .. } => &["space", param, "low"],
            Self::StepWithLog { param, .. }
            | Self::StepNotPositive { param, .. }
            | Self::StepTooLarge { param, .. }
            | Self::StepTooSmall { param, .. } => &["space", param, "step"],
            Self::NoValues { param }
            | Self::DuplicateValue { param, .. }
            | Self::NotNumber { param, .. } => &["space", param, "values"],
            Self::DefaultOutside { param, .. } => &["space", param, "default"],
            Self::ConfidenceAlone { param } => &["space", param, "confidence"],
            Self::UnknownParent { param, parent, .. }
            | Self::ContinuousParent { param, parent, .. }
            | Self::NeverTaken { param, parent, .. }
            | Self::NoAccepted { param, parent } => &["space", param, "when", parent],
            Self::ConditionCircle { circle } => match circle.first() {
                Some(param) => &["space", param, "when"],
                None => &["space"],
            },
            Self::DerivedCircle { circle } => match circle.first() {
                Some(param) => &["space", param, "derive"],
                None => &["space"],
            },
            Self::MultipleOf { param, .. } => &["space", param, "multiple_of"],
            Self::NotBool { name, .. } => &["require", name],
            Self::UnknownName { name, .. } => &[name],
            Self::Syntax { place, .. }
            | Self::UnknownVariable { place, .. }
            | Self::Impossible { place, .. } => return place.path(),
            Self::DefaultsBreak { unsatisfied } => return unsatisfied.place().path(),
        };
        keys.iter().map(ToString::to_string).collect()
    }

    /// What the person can do about it; `None` if the message says it all.
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::MissingType { .. } => {
                "give it type = \"float\", \"int\", \"choice\", \"ordinal\" or \"const\", \
                 or derive = \"...\" to compute it"
                    .to_owned()
            }
            Self::MissingKey { key, .. } => format!("add `{key}`"),
            Self::ForeignKey { kind: "derived", key, .. } => {
                format!("a derived parameter is computed: remove `{key}` or `derive`")
            }
            Self::ForeignKey { kind, .. } => {
                format!("type `{kind}` takes {}", backticked(keys_of(kind)))
            }
            Self::Bounds { low, high, .. } if low == high => {
                format!("for a fixed value, use type = \"const\" and value = {low}")
            }
            Self::Bounds { .. } => {
                "swap low and high; for a fixed value, use type = \"const\"".to_owned()
            }
            Self::LogBound { .. } => "choose a small positive low, or drop log".to_owned(),
            Self::StepWithLog { .. } => {
                "drop one of them; for chosen values, use type = \"ordinal\"".to_owned()
            }
            Self::StepNotPositive { .. } => "choose a positive step, or drop it".to_owned(),
            Self::StepTooLarge { .. } => "choose a smaller step".to_owned(),
            Self::StepTooSmall { .. } => "drop the step, or choose a larger one".to_owned(),
            Self::NotInteger { .. } => {
                "use a whole number, or type = \"float\" for fractions".to_owned()
            }
            Self::NotFinite { .. } => "use a finite number".to_owned(),
            Self::NoValues { .. } => "list at least one value".to_owned(),
            Self::DuplicateValue { .. } => {
                "list each value once; 8 and 8.0 are the same value".to_owned()
            }
            Self::NotNumber { .. } => {
                "use type = \"choice\" for values that are not numbers".to_owned()
            }
            Self::DefaultOutside { .. } => "choose one of them, or drop `default`".to_owned(),
            Self::ConfidenceAlone { .. } => {
                "add the `default` that it is about, or drop it".to_owned()
            }
            Self::UnknownParent { nearest, .. } | Self::UnknownName { nearest, .. } => {
                return nearest.as_ref().map(|name| format!("did you mean `{name}`?"));
            }
            Self::ContinuousParent { kind: "float", .. } => {
                "give the float a step, or make it an ordinal".to_owned()
            }
            Self::ContinuousParent { .. } => {
                "name the parameters that it is computed from".to_owned()
            }
            Self::NeverTaken { .. } => "choose one of them".to_owned(),
            Self::NoAccepted { .. } => "list at least one value, or drop the condition".to_owned(),
            Self::ConditionCircle { .. } => "drop one of these conditions".to_owned(),
            Self::Syntax { expression, .. } if has_foreign_operator(expression) => {
                "write `and`, `or` and `not` for `&&`, `||` and `!`".to_owned()
            }
            Self::Syntax { .. } => {
                "expressions are written as in Python: hidden_size % num_heads == 0".to_owned()
            }
            Self::UnknownVariable { nearest: Some(name), .. } => format!("did you mean `{name}`?"),
            Self::UnknownVariable { variable, .. } => format!("texts need quotes: '{variable}'"),
            Self::DerivedCircle { .. } => "compute one of them from other parameters".to_owned(),
            Self::MultipleOf { .. } => "choose a positive number, or drop `multiple_of`".to_owned(),
            Self::NotBool { .. } => "compare it with something: ==, !=, <, <=, >, >=".to_owned(),
            Self::DefaultsBreak { .. } => "change the defaults, or drop one of them".to_owned(),
            Self::Impossible { place: Place::Require(_), .. } => {
                "loosen the require, or widen the space".to_owned()
            }
            Self::Impossible { place: Place::Derived(_), .. } => {
                "change `derive` so that it gives a finite number".to_owned()
            }
            Self::MissingValue { domain, .. } => format!("give it one of {domain}"),
            Self::OutsideValue { .. } => "choose one of them".to_owned(),
            Self::InactiveValue { condition, .. } => way_to_activate(condition),
            Self::DerivedValue { .. } => "leave it out: it is computed".to_owned(),
        };
        Some(help)
    }
}

fn way_to_activate(condition: &Condition) -> String {
    let parents: Vec<_> = condition.parents().map(|(parent, _)| parent).collect();
    format!("leave it out, or change {}", backticked(&parents))
}

fn backticked(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// Whether the text has `&&`, `||`, or a `!` that is not part of `!=`.
fn has_foreign_operator(expression: &str) -> bool {
    let without_unequal = expression.replace("!=", "");
    ["&&", "||", "!"].iter().any(|operator| without_unequal.contains(operator))
}
