//! Lets a trial that another pruner would stop go on as long as it still improves.
//!
//! For curves with plateaus, or that start late: `pruner = { name = "median" }` with
//! `patience = 5`. Without a `pruner`, it stops each trial that does not improve any more. A pruner
//! that pauses trials does so as ever.
//!
//! Source: Optuna's `PatientPruner`, with improvements counted as by Prechelt, "Early Stopping, But
//! When?", 1998 ([`EarlyStopping`]): each has to exceed the last one by `min_delta`.

use serde::{Deserialize, Serialize};
use temper_core::{
    EarlyStopping, History, Intake, Judgement, Promotion, Pruner, Setup, Step, TrialId, Verdict,
};
use temper_space::nearest;

use super::goal;
use crate::registry::{Entry, Options, PRUNERS, RegistryError, build_pruner, read_options};

const NAME: &str = "patient";

pub(crate) const ENTRY: Entry<dyn Pruner> = Entry {
    name: NAME,
    summary: "stops whom another pruner would stop, but only once it no longer improves",
    build: |options| {
        let options: PatientOptions = read_options(NAME, options)?;
        Ok(Box::new(Patient::new(options)?))
    },
};

/// Whose verdict waits, and for how long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PatientOptions {
    /// The other pruner, its name and its options. Default: none, so that patience alone decides.
    pub pruner: Option<Options>,
    /// After how many reports without an improvement a trial may be stopped; at least 1.
    /// Default: 5.
    pub patience: u32,
    /// What counts as an improvement: more than this, in the metric's own unit; not negative.
    /// Default: 0.
    pub min_delta: f64,
}

impl Default for PatientOptions {
    fn default() -> Self {
        Self { pruner: None, patience: 5, min_delta: 0.0 }
    }
}

/// The patient pruner.
#[derive(Debug)]
pub struct Patient {
    pruner: Option<Box<dyn Pruner>>,
    patience: u32,
    min_delta: f64,
}

impl Patient {
    /// A pruner around the one that the options name.
    ///
    /// # Errors
    ///
    /// If an option is out of bounds, or there is no pruner of that name and these options.
    pub fn new(options: PatientOptions) -> Result<Self, RegistryError> {
        let bad = |message| Err(RegistryError::BadOptions { owner: NAME, message });
        let PatientOptions { pruner, patience, min_delta } = options;
        if patience == 0 {
            return bad("`patience` is 0: it must be at least 1".to_owned());
        }
        if !(0.0..f64::INFINITY).contains(&min_delta) {
            return bad(format!("`min_delta` is {min_delta}: it must be 0 or more, and finite"));
        }
        Ok(Self { pruner: pruner.map(build_wrapped).transpose()?, patience, min_delta })
    }

    /// Why the trial's patience is at its end, if it is.
    fn is_stuck(&self, trial: TrialId, history: &History) -> Option<String> {
        let watched = goal(history).cloned()?;
        let Self { patience, min_delta, .. } = *self;
        let judgement = EarlyStopping { patience, min_delta, watched }.judge(trial, history);
        (judgement.verdict == Verdict::Complete).then_some(judgement.reason)
    }
}

fn build_wrapped(mut options: Options) -> Result<Box<dyn Pruner>, RegistryError> {
    let bad = |message| RegistryError::BadOptions { owner: NAME, message };
    let name = options.remove("name");
    let Some(name) = name.as_ref().and_then(|name| name.as_str()) else {
        return Err(bad(r#"`pruner` needs a name, as in { name = "median" }"#.to_owned()));
    };
    if name == NAME {
        return Err(bad("`pruner` is itself `patient`: name the one that it waits for".to_owned()));
    }
    build_pruner(name, &options).map_err(|error| match &error {
        RegistryError::Unknown { .. } => {
            let names = PRUNERS.iter().map(|entry| entry.name).filter(|it| *it != NAME);
            let known = names.clone().collect::<Vec<_>>().join(", ");
            let help = match nearest(name, names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known are {known}"),
            };
            bad(format!("`pruner`: {error}; {help}"))
        }
        RegistryError::BadOptions { .. } => bad(format!("`pruner`: {error}")),
    })
}

impl Pruner for Patient {
    fn judge(&self, trial: TrialId, step: Step, history: &History) -> Judgement {
        let Some(pruner) = &self.pruner else {
            return self.is_stuck(trial, history).map_or_else(Judgement::go_on, Judgement::stop);
        };
        let judgement = pruner.judge(trial, step, history);
        if judgement.verdict != Verdict::Stop {
            return judgement;
        }
        let reason = |stuck| format!("{}, and {stuck}", judgement.reason);
        let stuck = self.is_stuck(trial, history).map(reason);
        stuck.map_or_else(Judgement::go_on, Judgement::stop)
    }

    fn suits(&self, setup: &Setup) -> Result<(), String> {
        self.pruner.as_ref().map_or(Ok(()), |pruner| pruner.suits(setup))
    }

    fn until(&self, trial: TrialId, history: &History) -> Option<Step> {
        self.pruner.as_ref()?.until(trial, history)
    }

    fn promote(&self, history: &History, intake: Intake) -> Option<Promotion> {
        self.pruner.as_ref()?.promote(history, intake)
    }
}

#[cfg(test)]
mod tests {
    use temper_core::Direction;

    use super::*;
    use crate::prune::curves::history;

    fn patient(options: &str) -> Result<Box<dyn Pruner>, RegistryError> {
        build_pruner(NAME, &serde_json::from_str(options).unwrap())
    }

    fn reason(options: &str, direction: Direction, curves: &[&[f64]]) -> String {
        let last = curves.len() - 1;
        let step = curves[last].len() as Step;
        let pruner = patient(options).unwrap();
        pruner.judge(TrialId(last as u64), step, &history(direction, curves)).reason
    }

    #[test]
    fn alone_it_stops_whoever_no_longer_improves() {
        let stopped =
            |curve| !reason(r#"{"patience": 2}"#, Direction::Minimize, &[curve]).is_empty();
        assert!(!stopped(&[3.0]));
        assert!(!stopped(&[3.0, 4.0]));
        assert!(stopped(&[3.0, 4.0, 3.0]));
        assert!(!stopped(&[3.0, 4.0, 2.9]));
        let wide = r#"{"patience": 2, "min_delta": 0.5}"#;
        let said = "score has not improved by more than 0.5 in 2 reports since 3 at step 1";
        assert_eq!(reason(wide, Direction::Maximize, &[&[3.0, 3.4, 3.5]]), said);
    }

    #[test]
    fn another_pruners_stop_waits_until_patience_ends() {
        let median = r#"{"patience": 2, "pruner": {"name": "median", "min_trials": 1}}"#;
        let reason = |curve| reason(median, Direction::Minimize, &[&[1.0; 4], curve]);
        assert_eq!(reason(&[9.0, 8.0, 7.0, 6.0]), "");
        assert_eq!(reason(&[9.0, 6.0, 7.0]), "");
        let said = "score 6 by step 4 is above the median 1 of 1 trials, \
                    and score has not improved in 2 reports since 6 at step 2";
        assert_eq!(reason(&[9.0, 6.0, 7.0, 6.0]), said);
        // It does not stop whom the other one would not.
        assert_eq!(reason(&[0.5, 0.6, 0.7, 0.8]), "");
    }

    #[test]
    fn pauses_and_promotions_are_those_of_the_other() {
        let options = r#"{"name": "asha", "mode": "promote", "min_steps": 2, "max_steps": 9}"#;
        let pruner = patient(&format!(r#"{{"pruner": {options}}}"#)).unwrap();
        let history = history(Direction::Minimize, &[&[1.0]]);
        assert_eq!(pruner.until(TrialId(0), &history), Some(3));
        assert_eq!(patient("{}").unwrap().until(TrialId(0), &history), None);
    }

    #[test]
    fn bad_options_are_named_with_their_bounds() {
        let error = |options: &str| patient(options).unwrap_err().to_string();
        let said = "`patient`: `patience` is 0: it must be at least 1";
        assert_eq!(error(r#"{"patience": 0}"#), said);
        let said = "`patient`: `min_delta` is -1: it must be 0 or more, and finite";
        assert_eq!(error(r#"{"min_delta": -1}"#), said);
        let said = "`patient`: `pruner`: there is no pruner `meadian`; did you mean `median`?";
        assert_eq!(error(r#"{"pruner": {"name": "meadian"}}"#), said);
        assert!(error(r#"{"pruner": {"name": "best"}}"#).contains("known are median, percentile"));
        let said = r#"`patient`: `pruner` needs a name, as in { name = "median" }"#;
        assert_eq!(error(r#"{"pruner": {"patience": 3}}"#), said);
        let said = "`patient`: `pruner` is itself `patient`: name the one that it waits for";
        assert_eq!(error(r#"{"pruner": {"name": "patient"}}"#), said);
        let said = "`patient`: `pruner`: `asha`: `eta` is 1: it must be at least 2";
        assert_eq!(error(r#"{"pruner": {"name": "asha", "eta": 1}}"#), said);
    }
}
