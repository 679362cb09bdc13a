//! How much of the noise of a result is known.
//!
//! A trial that knows how far the value of a goal would scatter if it ran again reports that standard
//! deviation beside it as `<goal>_noise`: `accuracy_noise`. Evaluations of sampled answers do.

use temper_core::{History, NOISE, Step, Trial};

/// The standard deviation that is known of the noise of each loss, one per goal, as last reported up
/// to a step or to the end; 0 where none is.
pub(super) fn noises(history: &History, trial: &Trial, until: Option<Step>) -> Vec<f64> {
    let goals = history.setup().map_or(&[][..], |setup| &setup.goals);
    let names = goals.iter().map(|goal| format!("{}{NOISE}", goal.metric));
    names.map(|name| reported(trial, &name, until).unwrap_or(0.0)).collect()
}

fn reported(trial: &Trial, name: &str, until: Option<Step>) -> Option<f64> {
    match until {
        Some(step) if step < trial.last_step() => {
            let count = trial.reports().partition_point(|report| report.step <= step);
            let reports = trial.reports()[..count].iter().rev();
            reports.filter_map(|report| report.metrics.get(name)).next().copied()
        }
        _ => trial.metric(name),
    }
}

#[cfg(test)]
mod tests {
    use temper_core::{Direction, Event, Lease, Loss, Metrics, Outcome, TrialId};

    use super::*;
    use crate::prune::curves;

    /// A trial that reports these noises, if any, at steps 1, 2, ..., and the last one with its result.
    fn history(reports: &[Option<f64>], end: Option<f64>) -> History {
        let mut history = curves::history(Direction::Maximize, &[&[]]);
        let (trial, lease) = (TrialId(0), Lease(1));
        let losses = vec![Loss::new(-0.5).unwrap()];
        let beside = |noise: Option<f64>| {
            Metrics::from_iter(noise.map(|noise| ("score_noise".to_owned(), noise)))
        };
        for (step, noise) in (1..).zip(reports) {
            let (losses, metrics) = (losses.clone(), beside(*noise));
            history.apply(&Event::Reported { trial, lease, step, losses, metrics }).unwrap();
        }
        let outcome = Outcome::Completed { losses, metrics: beside(end) };
        let finished = Event::Finished { trial, lease, outcome, seconds: 1.0, peak_memory: None };
        history.apply(&finished).unwrap();
        history
    }

    #[test]
    fn the_noise_is_that_last_reported_up_to_a_step_or_to_the_end() {
        let history = history(&[Some(0.3), Some(0.2), None], Some(0.1));
        let known = |until| noises(&history, &history.trials()[0], until);
        assert_eq!([Some(1), Some(2), Some(3), None].map(known), [[0.3], [0.2], [0.1], [0.1]]);
    }

    #[test]
    fn a_trial_that_reports_no_noise_has_none_that_is_known() {
        let history = history(&[None, None], None);
        let known = |until| noises(&history, &history.trials()[0], until);
        assert_eq!([Some(1), None].map(known), [[0.0], [0.0]]);
    }
}
