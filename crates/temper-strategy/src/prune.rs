//! The pruners, one file each.

pub(crate) mod asha;
mod check;
#[cfg(test)]
pub(crate) mod curves;
pub(crate) mod freeze_thaw;
mod halving;
pub(crate) mod hyperband;
mod items;
pub(crate) mod median;
pub(crate) mod patient;
pub(crate) mod percentile;
pub(crate) mod race;
mod signed_rank;
pub(crate) mod threshold;
pub(crate) mod wilcoxon;

pub use asha::{Asha, AshaOptions};
pub use freeze_thaw::{FreezeThaw, FreezeThawOptions};
pub use halving::Mode;
pub use hyperband::Hyperband;
pub use median::{Median, MedianOptions};
pub use patient::{Patient, PatientOptions};
pub use percentile::{Percentile, PercentileOptions};
pub use race::{Race, RaceOptions};
pub use threshold::{Threshold, ThresholdOptions};
pub use wilcoxon::{Wilcoxon, WilcoxonOptions};

pub(crate) use items::ItemLosses;

use temper_core::{Direction, Goal, History, Loss, Report, Step, Trial};

/// The lowest loss reported up to the step.
fn lowest_until(trial: &Trial, step: Step) -> Option<Loss> {
    let reports = trial.reports().iter().take_while(|report| report.step <= step);
    reports.filter_map(|report| report.losses.first().copied()).min()
}

/// The lowest loss reported up to the step; of means over the items so far the last, for those of the
/// first few are often the lowest by luck.
pub(crate) fn best_until(trial: &Trial, step: Step, history: &History) -> Option<Loss> {
    let count = trial.reports().partition_point(|report| report.step <= step);
    best_of(&trial.reports()[..count], history)
}

/// The same of some reports of a trial.
fn best_of(reports: &[Report], history: &History) -> Option<Loss> {
    let last = reports.last()?;
    if items::are_means(last, history) {
        return last.losses.first().copied();
    }
    reports.iter().filter_map(|report| report.losses.first().copied()).min()
}

/// A primary loss in the user's direction, with the metric's name: "accuracy 0.8".
pub(crate) fn told(history: &History, loss: Loss) -> String {
    let metric = goal(history).map_or("loss", |goal| &goal.metric);
    format!("{metric} {}", value(history, loss))
}

/// A primary loss in the user's direction.
fn value(history: &History, loss: Loss) -> f64 {
    goal(history).map_or(loss.get(), |goal| goal.value(loss))
}

fn goal(history: &History) -> Option<&Goal> {
    history.setup().and_then(|setup| setup.goals.first())
}

/// What a loss is that is too high, in the user's direction.
fn worse(history: &History) -> &'static str {
    match goal(history).map(|goal| goal.direction) {
        Some(Direction::Maximize) => "below",
        _ => "above",
    }
}

#[cfg(test)]
mod tests {
    use temper_core::TrialId;

    use super::*;

    #[test]
    fn the_lowest_loss_counts_and_of_means_over_items_the_last() {
        let scores = [1.0, 0.0, 0.5];
        let values = |history: &History| -> Vec<Option<f64>> {
            let trial = history.trial(TrialId(0)).unwrap();
            let best = |step| best_until(trial, step, history).map(|loss| value(history, loss));
            (0..5).map(best).collect()
        };
        let history = curves::history(Direction::Maximize, &[&scores]);
        assert_eq!(values(&history), [None, Some(1.0), Some(1.0), Some(1.0), Some(1.0)]);
        let history = curves::means(Direction::Maximize, &[&scores]);
        assert_eq!(values(&history), [None, Some(1.0), Some(0.5), Some(0.5), Some(0.5)]);
    }
}
