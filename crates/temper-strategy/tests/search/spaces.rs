//! Spaces and objectives, all with the lowest loss 0.

use temper_core::{Config, FailureKind};

use crate::number;
use crate::study::Verdict;

/// A space and what its configurations come to.
pub(crate) struct Problem {
    pub(crate) name: &'static str,
    pub(crate) space: String,
    pub(crate) objective: fn(&Config) -> Verdict,
}

fn params(count: usize, domain: &str) -> String {
    let params: Vec<_> = (0..count).map(|index| format!(r#""p{index}": {domain}"#)).collect();
    format!("{{{}}}", params.join(", "))
}

fn values(config: &Config) -> impl Iterator<Item = f64> {
    config.iter().map(|(_, value)| value.as_f64().unwrap())
}

/// The optimum is off the middle and off the corners: at 0.3.
pub(crate) fn bowl(dims: usize) -> Problem {
    Problem {
        name: "bowl",
        space: params(dims, r#"{"type": "float", "low": 0, "high": 1}"#),
        objective: |config| Ok(vec![values(config).map(|x| (x - 0.3).powi(2)).sum()]),
    }
}

/// A bowl whose axes differ a thousandfold and are turned against the parameters'.
pub(crate) fn tilted_bowl() -> Problem {
    Problem {
        name: "tilted bowl",
        space: params(6, r#"{"type": "float", "low": 0, "high": 1}"#),
        objective: |config| {
            let x: Vec<f64> = values(config).map(|x| x - 0.3).collect();
            let pair = |one: f64, other: f64| (one - other).powi(2) + 1e-3 * (one + other).powi(2);
            Ok(vec![pair(x[0], x[1]) + pair(x[2], x[3]) + pair(x[4], x[5])])
        },
    }
}

pub(crate) fn integers() -> Problem {
    Problem {
        name: "integers",
        space: params(8, r#"{"type": "int", "low": 0, "high": 20}"#),
        objective: |config| Ok(vec![values(config).map(|x| (x - 6.0).powi(2)).sum()]),
    }
}

pub(crate) fn choices() -> Problem {
    let values: Vec<_> = (0..50).map(|value| value.to_string()).collect();
    let domain = format!(r#"{{"type": "choice", "values": [{}]}}"#, values.join(", "));
    Problem {
        name: "20 choices of 50 values",
        space: params(20, &domain),
        objective: |config| {
            Ok(vec![self::values(config).filter(|value| *value != 31.0).count() as f64])
        },
    }
}

/// A choice, each of whose values has parameters of its own, and one of them is better.
pub(crate) fn conditional() -> Problem {
    Problem {
        name: "conditional",
        space: r#"{
            "optimizer": {"type": "choice", "values": ["adamw", "sgd", "lion"]},
            "learning_rate": {"type": "float", "low": 1e-6, "high": 1, "log": true},
            "momentum": {"type": "float", "low": 0, "high": 1, "when": {"optimizer": "sgd"}},
            "nesterov": {"type": "choice", "values": [true, false], "when": {"optimizer": "sgd"}},
            "beta": {"type": "float", "low": 0, "high": 1, "when": {"optimizer": ["adamw", "lion"]}},
            "layers": {"type": "int", "low": 1, "high": 64, "log": true}
        }"#
        .into(),
        objective: |config| {
            let rate = (number(config, "learning_rate").log10() + 2.0).powi(2) / 10.0;
            let depth = (number(config, "layers").log2() - 3.0).powi(2) / 10.0;
            let rest = match config.get("optimizer").unwrap().to_string().as_str() {
                "sgd" => {
                    let is_plain = config.get("nesterov").unwrap().to_string() == "false";
                    (number(config, "momentum") - 0.9).powi(2) + 0.1 * f64::from(is_plain)
                }
                _ => 0.2 + (number(config, "beta") - 0.4).powi(2),
            };
            Ok(vec![rate + depth + rest])
        },
    }
}

/// A bowl of which more than half fails, on the side where the optimum is not.
pub(crate) fn failures() -> Problem {
    Problem {
        name: "failures",
        space: params(4, r#"{"type": "float", "low": 0, "high": 1}"#),
        objective: |config| {
            if number(config, "p0") > 0.35 {
                return Err(FailureKind::OutOfMemory);
            }
            (bowl(4).objective)(config)
        },
    }
}
