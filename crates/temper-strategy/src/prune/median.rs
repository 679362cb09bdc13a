//! Stops a trial whose best loss so far is above the median of the others' at the same step.
//!
//! For trials that report on the way and whose curves rarely cross late. It needs no settings and
//! never stops the best trial.
//!
//! Source: Golovin et al., "Google Vizier: A Service for Black-Box Optimization", KDD 2017, section
//! 3.5.1, with the best loss so far in place of the running average, as in Optuna's
//! `MedianPruner`.

use serde::{Deserialize, Serialize};
use temper_core::{History, Judgement, Loss, Pruner, Step, Trial, TrialId, Verdict};

use crate::registry::{Entry, read_options};

const NAME: &str = "median";

pub(crate) const ENTRY: Entry<dyn Pruner> = Entry {
    name: NAME,
    summary: "stops a trial that is worse than the median of the others at the same step",
    build: |options| Ok(Box::new(Median(read_options(NAME, options)?))),
};

/// When the median decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MedianOptions {
    /// How many other trials must have reached a step before one is stopped there. Default: 5.
    pub min_trials: usize,
    /// No trial is stopped before this step. Default: 0.
    pub warmup_steps: Step,
}

impl Default for MedianOptions {
    fn default() -> Self {
        Self { min_trials: 5, warmup_steps: 0 }
    }
}

/// The median pruner.
#[derive(Clone, Copy, Debug, Default)]
pub struct Median(pub MedianOptions);

impl Pruner for Median {
    fn judge(&self, trial: TrialId, step: Step, history: &History) -> Judgement {
        let MedianOptions { min_trials, warmup_steps } = self.0;
        let Some(best) = history.trial(trial).and_then(|trial| best_until(trial, step)) else {
            return Judgement::go_on();
        };
        let mut others: Vec<Loss> = history
            .trials()
            .iter()
            .filter(|other| other.id() != trial && has_reached(other, step))
            .filter_map(|other| best_until(other, step))
            .collect();
        if step < warmup_steps || others.is_empty() || others.len() < min_trials {
            return Judgement::go_on();
        }
        let median = median(&mut others);
        if best.get() <= median {
            return Judgement::go_on();
        }
        let count = others.len();
        Judgement {
            verdict: Verdict::Stop,
            reason: format!(
                "loss {} by step {step} is above the median {median} of {count} trials",
                best.get()
            ),
        }
    }
}

/// The lowest loss reported up to the step.
fn best_until(trial: &Trial, step: Step) -> Option<Loss> {
    let reports = trial.reports().iter().take_while(|report| report.step <= step);
    reports.filter_map(|report| report.losses.first().copied()).min()
}

fn has_reached(trial: &Trial, step: Step) -> bool {
    trial.reports().last().is_some_and(|report| report.step >= step)
}

/// The middle of the losses, or the mean of the two in the middle. Not of an empty list.
fn median(losses: &mut [Loss]) -> f64 {
    losses.sort_unstable();
    let middle = losses.len() / 2;
    if losses.len() % 2 == 1 {
        losses[middle].get()
    } else {
        f64::midpoint(losses[middle - 1].get(), losses[middle].get())
    }
}

#[cfg(test)]
mod tests {
    use temper_core::{Config, Event, Lease, Metrics, Origin, WorkerId};

    use super::*;

    /// Trials that all run, each with these losses at steps 1, 2, ...
    fn history(curves: &[&[f64]]) -> History {
        let mut history = History::new();
        for (id, curve) in (0..).zip(curves) {
            let (trial, lease) = (TrialId(id), Lease(history.len()));
            history
                .apply(&Event::Started {
                    trial,
                    config: Config::default(),
                    origin: Origin::Strategy,
                    seen: history.len(),
                    worker: WorkerId::new("a"),
                    until: None,
                    fork: None,
                    note: None,
                    stage: None,
                })
                .unwrap();
            for (step, loss) in (1..).zip(*curve) {
                let losses = vec![Loss::new(*loss).unwrap()];
                let metrics = Metrics::new();
                history.apply(&Event::Reported { trial, lease, step, losses, metrics }).unwrap();
            }
        }
        history
    }

    fn verdict(options: MedianOptions, curves: &[&[f64]]) -> Verdict {
        let last = curves.len() - 1;
        let step = curves[last].len() as Step;
        Median(options).judge(TrialId(last as u64), step, &history(curves)).verdict
    }

    const FEW: MedianOptions = MedianOptions { min_trials: 3, warmup_steps: 0 };

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
    fn the_reason_names_both_numbers() {
        let curves: [&[f64]; 4] = [&[1.0], &[1.5], &[1.75], &[2.0]];
        let judgement = Median(FEW).judge(TrialId(3), 1, &history(&curves));
        assert_eq!(judgement.reason, "loss 2 by step 1 is above the median 1.5 of 3 trials");
    }
}
