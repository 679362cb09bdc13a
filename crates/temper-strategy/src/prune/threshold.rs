//! Stops a trial whose metric is out of bounds: too low, too high.
//!
//! For losses that explode, and for metrics of which it is known how good they must be by when. It
//! looks at the last report alone, in the user's own direction, and at no other trial.
//!
//! Source: Optuna's `ThresholdPruner`.

use serde::{Deserialize, Serialize};
use temper_core::{History, Judgement, Pruner, Step, TrialId};

use super::check::Checks;
use super::{told, value};
use crate::registry::{Entry, RegistryError, read_options};

const NAME: &str = "threshold";

pub(crate) const ENTRY: Entry<dyn Pruner> = Entry {
    name: NAME,
    summary: "stops a trial whose metric is below `lower` or above `upper`",
    build: |options| {
        let options: ThresholdOptions = read_options(NAME, options)?;
        options.check()?;
        Ok(Box::new(Threshold(options)))
    },
};

/// The bounds, of which there is at least one, and when they hold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ThresholdOptions {
    /// A trial that reports less is stopped. In the metric's own unit and direction.
    pub lower: Option<f64>,
    /// A trial that reports more is stopped. In the metric's own unit and direction.
    pub upper: Option<f64>,
    /// No trial is stopped before this step. Default: 0.
    pub warmup_steps: Step,
    /// Trials are looked at with their first report in each interval of so many steps, counted from
    /// `warmup_steps`; at least 1. Default: 1.
    pub interval_steps: Step,
}

impl Default for ThresholdOptions {
    fn default() -> Self {
        Self { lower: None, upper: None, warmup_steps: 0, interval_steps: 1 }
    }
}

impl ThresholdOptions {
    fn check(&self) -> Result<(), RegistryError> {
        self.checks().check(NAME)?;
        let bad = |message| Err(RegistryError::BadOptions { owner: NAME, message });
        match (self.lower, self.upper) {
            (None, None) => bad("give `lower`, `upper` or both: a number each".to_owned()),
            (Some(lower), _) if lower.is_nan() => bad("`lower` is not a number".to_owned()),
            (_, Some(upper)) if upper.is_nan() => bad("`upper` is not a number".to_owned()),
            (Some(lower), Some(upper)) if lower > upper => {
                bad(format!("`lower` {lower} is above `upper` {upper}"))
            }
            _ => Ok(()),
        }
    }

    fn checks(&self) -> Checks {
        Checks { warmup_steps: self.warmup_steps, interval_steps: self.interval_steps }
    }
}

/// The threshold pruner.
#[derive(Clone, Copy, Debug)]
pub struct Threshold(pub ThresholdOptions);

impl Pruner for Threshold {
    fn judge(&self, trial: TrialId, step: Step, history: &History) -> Judgement {
        let Some(trial) = history.trial(trial) else { return Judgement::go_on() };
        let report = trial.reports().iter().find(|report| report.step == step);
        let loss = report.and_then(|report| report.losses.first().copied());
        let Some(loss) = loss.filter(|_| self.0.checks().is_due(trial, step)) else {
            return Judgement::go_on();
        };
        let (own, value) = (told(history, loss), value(history, loss));
        match self.0 {
            ThresholdOptions { lower: Some(lower), .. } if value < lower => {
                Judgement::stop(format!("{own} at step {step} is below `lower` {lower}"))
            }
            ThresholdOptions { upper: Some(upper), .. } if value > upper => {
                Judgement::stop(format!("{own} at step {step} is above `upper` {upper}"))
            }
            _ => Judgement::go_on(),
        }
    }
}

#[cfg(test)]
mod tests {
    use temper_core::Direction;

    use super::*;
    use crate::prune::curves::history;
    use crate::{Options, build_pruner};

    fn reason(options: &str, direction: Direction, curve: &[f64]) -> String {
        let options: Options = serde_json::from_str(options).unwrap();
        let pruner = build_pruner(NAME, &options).unwrap();
        pruner.judge(TrialId(0), curve.len() as Step, &history(direction, &[curve])).reason
    }

    #[test]
    fn bounds_are_in_the_users_direction_and_the_last_report_counts() {
        for direction in [Direction::Minimize, Direction::Maximize] {
            let both = |curve| reason(r#"{"lower": -1, "upper": 3.5}"#, direction, curve);
            assert_eq!(both(&[9.0, -1.0]), "");
            assert_eq!(both(&[3.5]), "");
            assert_eq!(both(&[1.0, 3.6]), "score 3.6 at step 2 is above `upper` 3.5");
            assert_eq!(both(&[-1.5]), "score -1.5 at step 1 is below `lower` -1");
        }
    }

    #[test]
    fn nobody_is_stopped_before_the_warmup_or_between_intervals() {
        let late = r#"{"upper": 1, "warmup_steps": 2, "interval_steps": 2}"#;
        let stopped = |steps| !reason(late, Direction::Minimize, &vec![2.0; steps]).is_empty();
        assert_eq!([1, 2, 3, 4, 5].map(stopped), [false, true, false, true, false]);
    }

    #[test]
    fn bad_options_are_named_with_their_bounds() {
        let error = |options: &str| {
            let options: Options = serde_json::from_str(options).unwrap();
            build_pruner(NAME, &options).unwrap_err().to_string()
        };
        assert_eq!(error("{}"), "`threshold`: give `lower`, `upper` or both: a number each");
        let said = "`threshold`: `lower` 2 is above `upper` 1";
        assert_eq!(error(r#"{"lower": 2, "upper": 1}"#), said);
        let said = "`threshold`: `interval_steps` is 0: it must be at least 1";
        assert_eq!(error(r#"{"lower": 2, "interval_steps": 0}"#), said);
        let nan = ThresholdOptions { upper: Some(f64::NAN), ..Default::default() };
        assert!(nan.check().unwrap_err().to_string().contains("`upper` is not a number"));
    }
}
