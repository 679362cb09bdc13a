use temper_core::{Direction, Event, History, Outcome, TrialId};

use super::*;
use crate::prune::curves;

/// Trials with these losses at steps 1, 2, ...; those with as many as four complete, the others are
/// stopped.
fn study(losses: &[&[f64]]) -> History {
    let mut history = curves::history(Direction::Minimize, losses);
    for (id, own) in (0..).zip(losses) {
        let trial = history.trial(TrialId(id)).unwrap();
        let lease = trial.attempts().last().unwrap().lease;
        let outcome = match own.len() {
            4 => Outcome::completed(trial.reports().last().unwrap().losses.clone()),
            _ => Outcome::Pruned,
        };
        let (trial, seconds, peak_memory) = (TrialId(id), 1.0, None);
        history.apply(&Event::Finished { trial, lease, outcome, seconds, peak_memory }).unwrap();
    }
    history
}

fn level(history: &History) -> Option<Level> {
    Level::of(history.trials().iter(), 0)
}

fn losses(history: &History) -> Vec<Option<f64>> {
    let level = level(history).unwrap();
    history.trials().iter().map(|trial| level.loss(trial, history)).collect()
}

#[test]
fn trials_are_compared_by_their_lowest_loss_up_to_the_last_step_that_three_have_come_to() {
    let history = study(&[&[9.0], &[5.0, 3.0, 4.0], &[6.0, 7.0], &[8.0, 2.0, 1.0, 0.0], &[7.0]]);
    assert_eq!(losses(&history), [None, Some(3.0), Some(6.0), Some(2.0), None]);
}

#[test]
fn once_enough_have_completed_only_these_count_to_their_last_step() {
    let done = [4.0, 3.0, 1.0, 2.0];
    let history = study(&[&[9.0], &done, &[0.5, 0.4, 0.3], &done, &done]);
    assert_eq!(losses(&history), [None, Some(1.0), None, Some(1.0), Some(1.0)]);
}

#[test]
fn a_few_are_compared_where_all_of_them_have_come_to() {
    let history = study(&[&[9.0, 8.0], &[7.0, 6.0, 5.0, 4.0]]);
    assert_eq!(losses(&history), [Some(8.0), Some(6.0)]);
    assert_eq!(level(&study(&[])), None);
    assert_eq!(level(&study(&[&[]])), None);
}
