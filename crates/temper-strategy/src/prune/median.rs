//! Stops a trial whose best loss so far is above the median of the others' at the same step.
//!
//! For trials that report on the way and whose curves rarely cross late. It needs no settings and
//! never stops the best trial. It is `percentile` at 50.
//!
//! Source: Golovin et al., "Google Vizier: A Service for Black-Box Optimization", KDD 2017, section
//! 3.5.1, with the best loss so far in place of the running average, as in Optuna's
//! `MedianPruner`.

use serde::{Deserialize, Serialize};
use temper_core::{History, Judgement, Pruner, Step, TrialId};

use super::check::Checks;
use super::percentile::PercentileOptions;
use super::{told, value, worse};
use crate::registry::{Entry, read_options};

const NAME: &str = "median";

pub(crate) const ENTRY: Entry<dyn Pruner> = Entry {
    name: NAME,
    summary: "stops a trial that is worse than the median of the others at the same step",
    build: |options| {
        let options: MedianOptions = read_options(NAME, options)?;
        let MedianOptions { warmup_steps, interval_steps, .. } = options;
        Checks { warmup_steps, interval_steps }.check(NAME)?;
        Ok(Box::new(Median(options)))
    },
};

/// When the median decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MedianOptions {
    /// How many other trials must have reached a step before one is stopped there. Default: 5.
    pub min_trials: usize,
    /// No trial is stopped before this step. Default: 0.
    pub warmup_steps: Step,
    /// Trials are compared at their first report in each interval of so many steps, counted from
    /// `warmup_steps`; at least 1. Default: 1.
    pub interval_steps: Step,
}

impl Default for MedianOptions {
    fn default() -> Self {
        Self { min_trials: 5, warmup_steps: 0, interval_steps: 1 }
    }
}

/// The median pruner.
#[derive(Clone, Copy, Debug, Default)]
pub struct Median(pub MedianOptions);

impl Pruner for Median {
    fn judge(&self, trial: TrialId, step: Step, history: &History) -> Judgement {
        let MedianOptions { min_trials, warmup_steps, interval_steps } = self.0;
        let half = PercentileOptions { percentile: 50.0, min_trials, warmup_steps, interval_steps };
        let Some((best, median, count)) = half.compare(trial, step, history) else {
            return Judgement::go_on();
        };
        let (own, worse, median) = (told(history, best), worse(history), value(history, median));
        Judgement::stop(format!(
            "{own} by step {step} is {worse} the median {median} of {count} trials"
        ))
    }
}

#[cfg(test)]
mod tests {
    use temper_core::{Direction, Verdict};

    use super::*;
    use crate::prune::curves::history;

    fn verdict(options: MedianOptions, curves: &[&[f64]]) -> Verdict {
        let last = curves.len() - 1;
        let step = curves[last].len() as Step;
        Median(options)
            .judge(TrialId(last as u64), step, &history(Direction::Minimize, curves))
            .verdict
    }

    const FEW: MedianOptions = MedianOptions { min_trials: 3, warmup_steps: 0, interval_steps: 1 };

    #[test]
    fn a_trial_above_the_median_of_those_that_came_as_far_is_stopped() {
        let others: [&[f64]; 4] = [&[3.0, 1.0], &[3.0, 2.0], &[3.0, 3.0], &[9.0]];
        let with = |curve| [&others[..], &[curve]].concat();
        assert_eq!(verdict(FEW, &with(&[3.0, 2.1])), Verdict::Stop);
        assert_eq!(verdict(FEW, &with(&[3.0, 2.0])), Verdict::Continue);
        // Its best counts, not its last.
        assert_eq!(verdict(FEW, &with(&[1.5, 9.0])), Verdict::Continue);
    }

    #[test]
    fn nobody_is_stopped_early_or_without_enough_others() {
        let curves: [&[f64]; 4] = [&[1.0], &[1.0], &[1.0], &[2.0]];
        assert_eq!(verdict(FEW, &curves), Verdict::Stop);
        assert_eq!(verdict(FEW, &curves[1..]), Verdict::Continue);
        let later = MedianOptions { warmup_steps: 2, ..FEW };
        assert_eq!(verdict(later, &curves), Verdict::Continue);
        assert_eq!(
            verdict(MedianOptions { min_trials: 0, ..FEW }, &curves[3..]),
            Verdict::Continue
        );
    }

    #[test]
    fn the_reason_speaks_of_the_metric_as_the_user_does() {
        let curves: [&[f64]; 4] = [&[1.0], &[1.5], &[1.75], &[2.0]];
        let judge =
            |direction, id| Median(FEW).judge(TrialId(id), 1, &history(direction, &curves)).reason;
        let said = "score 2 by step 1 is above the median 1.5 of 3 trials";
        assert_eq!(judge(Direction::Minimize, 3), said);
        let said = "score 1 by step 1 is below the median 1.75 of 3 trials";
        assert_eq!(judge(Direction::Maximize, 0), said);
    }
}
