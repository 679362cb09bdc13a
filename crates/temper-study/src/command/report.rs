//! What a program says in a line of JSON.

use serde_json::{Map, Value};
use temper_core::{FailureKind, Goal, Metrics, Step};

use crate::lenient::{self, number};

/// A line that means something.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Line {
    /// `{"step": 100, "eval_loss": 2.31, "tokens": 5000}`: all goals, and further metrics.
    Report { step: Option<Step>, values: Vec<f64>, metrics: Metrics },
    /// `{"step": 50, "tokens": 2500}`: no report, as a goal is missing.
    Incomplete { step: Step },
    /// `{"failure": "out_of_memory", "message": "..."}`: the program says why it will end.
    Failure { kind: FailureKind, message: String },
    /// `{"failure": "unable", "message": "..."}`: no trial can run here until something is mended.
    Unable { message: String },
}

/// What stands for the kind of a failure that is not the trial's.
const UNABLE: &str = "unable";

/// Reads a line; `None` if it is not a report: programs print other things too.
pub(super) fn parse(line: &str, goals: &[Goal]) -> Option<Line> {
    let line = line.trim();
    if !line.starts_with('{') {
        return None;
    }
    let object: Map<String, Value> = lenient::from_str(line).ok()?;
    if let Some(kind) = object.get("failure") {
        let message = object.get("message").and_then(Value::as_str).unwrap_or("it said so");
        let message = message.to_owned();
        if kind == UNABLE {
            return Some(Line::Unable { message });
        }
        let kind = serde_json::from_value(kind.clone()).unwrap_or(FailureKind::Crashed);
        return Some(Line::Failure { kind, message });
    }
    let step = object.get("step").and_then(step);
    let values: Option<Vec<f64>> =
        goals.iter().map(|goal| object.get(&goal.metric).and_then(number)).collect();
    let Some(values) = values else {
        return step.map(|step| Line::Incomplete { step });
    };
    let is_goal = |name: &str| goals.iter().any(|goal| goal.metric == name);
    let metrics = object
        .iter()
        .filter(|(name, _)| *name != "step" && !is_goal(name))
        .filter_map(|(name, value)| Some((name.clone(), value.as_f64()?)));
    Some(Line::Report { step, values, metrics: metrics.collect() })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
fn step(value: &Value) -> Option<Step> {
    let whole = |step: f64| (step >= 0.0 && step.fract() == 0.0).then_some(step as Step);
    value.as_u64().or_else(|| whole(value.as_f64()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<Line> {
        parse(line, &[Goal { metric: "eval_loss".into(), direction: Default::default() }])
    }

    fn value(line: &str) -> f64 {
        match read(line) {
            Some(Line::Report { values, .. }) => values[0],
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn a_report_has_a_step_the_goals_and_whatever_else_is_a_number() {
        assert_eq!(
            read(r#" {"step": 100, "eval_loss": 2.31, "tokens": 5000, "note": "x"} "#),
            Some(Line::Report {
                step: Some(100),
                values: vec![2.31],
                metrics: Metrics::from([("tokens".to_owned(), 5000.0)]),
            })
        );
    }

    #[test]
    fn numbers_that_are_not_finite_are_read_in_every_spelling() {
        for line in [
            r#"{"eval_loss": NaN, "note": "NaN \" NaN"}"#,
            r#"{"eval_loss": null}"#,
            r#"{"eval_loss": "nan"}"#,
        ] {
            assert!(value(line).is_nan(), "{line}");
        }
        assert_eq!(value(r#"{"eval_loss": Infinity}"#), f64::INFINITY);
        assert_eq!(value(r#"{"eval_loss": -Infinity}"#), f64::NEG_INFINITY);
    }

    #[test]
    fn other_lines_are_left_alone() {
        for line in ["", "epoch 3", "{", "{'eval_loss': 2}", r#"{"train_loss": 2}"#, "[1]"] {
            assert_eq!(read(line), None, "{line}");
        }
    }

    #[test]
    fn a_program_can_say_how_it_fails() {
        assert_eq!(
            read(r#"{"failure": "out_of_memory", "message": "80 GiB are not enough"}"#),
            Some(Line::Failure {
                kind: FailureKind::OutOfMemory,
                message: "80 GiB are not enough".into()
            })
        );
        assert_eq!(
            read(r#"{"failure": "unable", "message": "no server"}"#),
            Some(Line::Unable { message: "no server".into() })
        );
    }
}
