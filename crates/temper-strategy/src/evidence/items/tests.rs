use temper_core::{
    Config, Direction, Event, Goal, Lease, Metrics, Origin, Outcome, WorkerId, stream,
};

use super::*;
use crate::prune::curves::opened;

/// What a trial scored on the items from the first on, and what it reports as its goal in the end; it
/// is whole with as many as `ITEMS`.
type Scored = (Vec<f64>, f64);

const ITEMS: usize = 40;

fn history(trials: &[Scored], has_items: bool) -> History {
    let goal = Goal { metric: "accuracy".into(), direction: Direction::Maximize };
    let mut history = opened(&goal, Some(ITEMS as Step));
    for (id, (scores, value)) in (0..).zip(trials) {
        let (trial, seen) = (TrialId(id), history.len());
        let (config, origin, worker) = (Config::default(), Origin::Strategy, WorkerId::new("a"));
        let (until, fork, note, stage) = (None, None, None, None);
        let started =
            Event::Started { trial, config, origin, seen, worker, until, fork, note, stage };
        history.apply(&started).unwrap();
        let lease = Lease(seen);
        for (step, score) in (1..).zip(scores) {
            let losses = vec![goal.loss(*value).unwrap()];
            let beside = has_items.then(|| ("item_accuracy".to_owned(), *score));
            let metrics = Metrics::from_iter(beside);
            history.apply(&Event::Reported { trial, lease, step, losses, metrics }).unwrap();
        }
        let outcome = match scores.len() {
            ITEMS => Outcome::completed(vec![goal.loss(*value).unwrap()]),
            _ => Outcome::Paused,
        };
        let finished = Event::Finished { trial, lease, outcome, seconds: 1.0, peak_memory: None };
        history.apply(&finished).unwrap();
    }
    history
}

fn mean(scores: &[f64]) -> f64 {
    scores.iter().sum::<f64>() / scores.len() as f64
}

fn expected(history: &History) -> Option<Vec<Estimate>> {
    let expected = Expected::of(history.trials().iter(), history)?;
    Some(history.trials().iter().map(|trial| expected.get(trial.id()).unwrap()).collect())
}

/// Scores that are the sum of an ability, an ease of the item, and luck.
fn scores(ability: f64, luck: f64, trial: u64) -> Vec<f64> {
    use rand::RngExt;
    let (mut items, mut own) = (stream(5, 100), stream(5, trial));
    let mut score = || {
        let ease = 0.6 * (items.random::<f64>() - 0.5);
        ability + ease + luck * (own.random::<f64>() - 0.5)
    };
    (0..ITEMS).map(|_| score()).collect()
}

#[test]
fn a_trial_of_a_few_items_is_expected_to_lose_what_it_does_on_all() {
    let all: Vec<Vec<f64>> = (0..12).map(|id| scores(0.3 + 0.03 * id as f64, 0.2, id)).collect();
    let answered = |id: usize| if id.is_multiple_of(6) { ITEMS } else { 8 + id };
    let trials: Vec<Scored> = all
        .iter()
        .enumerate()
        .map(|(id, scores)| {
            let own = scores[..answered(id)].to_vec();
            let value = mean(&own);
            (own, value)
        })
        .collect();
    let estimates = expected(&history(&trials, true)).unwrap();
    let (mut squares, mut known) = (0.0, 0.0);
    for (id, (scores, estimate)) in all.iter().zip(&estimates).enumerate() {
        let off = -estimate.loss - mean(scores);
        if answered(id) == ITEMS {
            assert!(off.abs() < 1e-12 && estimate.variance.abs() < 1e-12, "{estimate:?}");
            continue;
        }
        squares += off * off;
        known += estimate.variance;
        // A uniform distribution has a twelfth of its squared width; 13 degrees of freedom to a
        // hundred and more.
        let share = 1.0 / answered(id) as f64 - 1.0 / ITEMS as f64;
        let luck = estimate.variance / share;
        assert!((0.8..1.25).contains(&(luck / (0.04 / 12.0))), "{luck}");
    }
    // Of ten trials: chi-squared is within these with 99.9 %.
    assert!((0.15..3.0).contains(&(squares / known)), "{squares} {known}");
    // The means of what was answered are three times as far off, as items differ.
    let apart = |(scores, own): (&Vec<f64>, &Scored)| (own.1 - mean(scores)).powi(2);
    assert!(all.iter().zip(&trials).map(apart).sum::<f64>() > 3.0 * squares);
}

#[test]
fn items_that_weigh_differently_shift_all_as_they_do_the_whole_ones() {
    let of = |id: u64| scores(0.4 + 0.01 * id as f64, 0.1, id);
    let plain: Vec<Scored> = (0..6)
        .map(|id| {
            let own = of(id)[..if id < 2 { ITEMS } else { 10 }].to_vec();
            let value = mean(&own);
            (own, value)
        })
        .collect();
    let mut weighed = plain.clone();
    weighed[0].1 += 0.1;
    weighed[1].1 += 0.2;
    let estimates = |trials: &[Scored]| expected(&history(trials, true)).unwrap();
    let shifts = estimates(&weighed).into_iter().zip(estimates(&plain));
    let shifts: Vec<f64> = shifts.map(|(one, other)| other.loss - one.loss).collect();
    for (shift, said) in shifts.iter().zip([0.1, 0.2, 0.15, 0.15, 0.15, 0.15]) {
        assert!((shift - said).abs() < 1e-12, "{shifts:?}");
    }
}

#[test]
fn what_does_not_tell_items_from_luck_is_not_explained() {
    let few = |count: usize| (scores(0.5, 0.1, 1)[..count].to_vec(), 0.5);
    assert_eq!(expected(&history(&[few(9), few(9)], false)), None);
    assert_eq!(expected(&history(&[few(9)], true)), None);
    assert_eq!(expected(&history(&[few(1), few(1)], true)), None);
    // Who always scores the same has no luck.
    let same = (vec![1.0; 5], 1.0);
    let estimates = expected(&history(&[same.clone(), same], true)).unwrap();
    assert_eq!(
        estimates.iter().map(|it| (it.loss, it.variance)).collect::<Vec<_>>(),
        [(-1.0, 0.0); 2]
    );
}
