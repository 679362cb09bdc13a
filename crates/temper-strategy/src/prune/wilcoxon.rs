//! Stops a trial that is worse than the best one on the same items, by a signed-rank test.
//!
//! For trials that evaluate one item after the other: prompts, questions, folds, seeds. The report
//! for step `i` has what item `i` alone scored, as the goal or beside it (`items.rs`), and the
//! trial's result is the mean of all. Pairing takes out what makes items easy or hard, so that few
//! of them may do. A trial is stopped only if its mean is worse, too.
//!
//! Source: Optuna's `WilcoxonPruner`; the test, which is exact up to 50 items also for scores of
//! which many are equal, is in `signed_rank.rs` beside this.

use serde::{Deserialize, Serialize};
use temper_core::{History, Judgement, Pruner, Step, TrialId};

use super::items::{ItemLosses, mean};
use super::signed_rank::p_greater;
use crate::registry::{Entry, RegistryError, read_options};

const NAME: &str = "wilcoxon";

pub(crate) const ENTRY: Entry<dyn Pruner> = Entry {
    name: NAME,
    summary: "stops a trial that is worse than the best one item by item, with each step an item",
    build: |options| {
        let options: WilcoxonOptions = read_options(NAME, options)?;
        options.check()?;
        Ok(Box::new(Wilcoxon(options)))
    },
};

/// How sure it has to be, and of what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WilcoxonOptions {
    /// A trial is stopped if it would be as much worse with less than this probability, were it
    /// as good as the best; above 0, at most 1. Default: 0.1.
    pub p_threshold: f64,
    /// No trial is stopped before it shares so many items with the best. Default: 2, which is also
    /// the least that counts.
    pub startup_steps: usize,
    /// What is paired: a goal, or another metric that is reported for each item, with the direction
    /// of the first goal. Default: `item_<goal>` of the first goal where trials report that, and
    /// otherwise the goal.
    pub metric: Option<String>,
}

impl Default for WilcoxonOptions {
    fn default() -> Self {
        Self { p_threshold: 0.1, startup_steps: 2, metric: None }
    }
}

impl WilcoxonOptions {
    fn check(&self) -> Result<(), RegistryError> {
        let p = self.p_threshold;
        if p > 0.0 && p <= 1.0 {
            return Ok(());
        }
        let message = format!("`p_threshold` is {p}: it must be above 0, and at most 1");
        Err(RegistryError::BadOptions { owner: NAME, message })
    }
}

/// The Wilcoxon pruner.
#[derive(Clone, Debug, Default)]
pub struct Wilcoxon(pub WilcoxonOptions);

impl Pruner for Wilcoxon {
    fn judge(&self, trial: TrialId, _: Step, history: &History) -> Judgement {
        let best = history.best().filter(|best| best.id() != trial);
        let (Some(trial), Some(best)) = (history.trial(trial), best) else {
            return Judgement::go_on();
        };
        let scored = ItemLosses::of(self.0.metric.as_deref(), history);
        let (own, others) = (scored.losses(trial), scored.losses(best));
        let shared = own.iter().filter_map(|(step, loss)| Some(loss - others.get(step)?));
        let differences: Vec<f64> = shared.collect();
        let count = differences.len();
        if count < self.0.startup_steps.max(2) {
            return Judgement::go_on();
        }
        let [own, other] = [own, others].map(|it| mean(it.into_values()));
        let p = p_greater(&differences);
        if p >= self.0.p_threshold || own <= other {
            return Judgement::go_on();
        }
        let (metric, [own, other]) = (&scored.metric, [own, other].map(|it| scored.turned(it)));
        let best = best.id();
        Judgement::stop(format!(
            "{metric} of {count} items is worse than of trial {best}, the best: \
             {own:.4} on average, not {other:.4}, p = {p:.2e} by Wilcoxon's test"
        ))
    }
}

#[cfg(test)]
mod tests;
