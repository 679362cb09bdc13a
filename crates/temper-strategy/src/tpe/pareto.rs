//! The best of several trials that have several losses each.
//!
//! Non-domination rank first; of the rank that does not fit whole, for two goals those that add
//! most hypervolume, for more those that are least crowded. As in Ozaki et al., "Multiobjective
//! Tree-Structured Parzen Estimator", JAIR 2022.

use std::cmp::Ordering;

use crate::pareto::crowding;

type Trial<'a> = (usize, &'a [f64]);

/// The reference point lies this far beyond the worst of the front, in widths of the front.
const MARGIN: f64 = 0.1;

/// The `wanted` best, in no order.
pub(super) fn best(mut trials: Vec<Trial>, wanted: usize) -> Vec<usize> {
    // None is dominated by one that comes later in this order.
    trials.sort_unstable_by(|a, b| lexical(a.1, b.1).then(a.0.cmp(&b.0)));
    let mut best = Vec::with_capacity(wanted);
    while best.len() < wanted && !trials.is_empty() {
        let (front, rest) = front(trials);
        let missing = wanted - best.len();
        if front.len() <= missing {
            best.extend(front.iter().map(|(index, _)| index));
        } else if front[0].1.len() == 2 {
            best.extend(largest_volume(&front, missing));
        } else {
            best.extend(least_crowded(&front, missing));
        }
        trials = rest;
    }
    best
}

fn lexical(a: &[f64], b: &[f64]) -> Ordering {
    let differing = a.iter().zip(b).map(|(a, b)| a.total_cmp(b));
    differing.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// Splits trials, which are in lexical order, into those that none dominates and the others.
fn front(trials: Vec<Trial>) -> (Vec<Trial>, Vec<Trial>) {
    let (mut front, mut rest): (Vec<Trial>, Vec<Trial>) = (Vec::new(), Vec::new());
    for trial in trials {
        let is_equal = front.last().is_some_and(|last| last.1 == trial.1);
        // Of two losses, the last of the front has the lowest second one.
        let rivals = if trial.1.len() == 2 { front.len().saturating_sub(1) } else { 0 };
        let dominates = |rival: &Trial| rival.1.iter().zip(trial.1).all(|(a, b)| a <= b);
        if !is_equal && front[rivals..].iter().any(dominates) {
            rest.push(trial);
        } else {
            front.push(trial);
        }
    }
    (front, rest)
}

/// The losses of one goal as fractions of their range, which may be as wide as the floats.
fn fractions(front: &[Trial], goal: usize) -> Vec<f64> {
    let half = |trial: &Trial| 0.5 * trial.1[goal];
    let (low, high) = front
        .iter()
        .map(half)
        .fold((f64::MAX, f64::MIN), |(low, high), loss| (low.min(loss), high.max(loss)));
    let width = if high > low { high - low } else { 1.0 };
    front.iter().map(|trial| (half(trial) - low) / width).collect()
}

/// Greedily, the trials that each add most to the area that those taken before dominate: at least
/// 1 - 1/e of the largest area (Guerreiro, Fonseca and Paquete 2016). `front`: two losses each, in
/// lexical order, so that the second one falls.
fn largest_volume(front: &[Trial], wanted: usize) -> Vec<usize> {
    let (x, y) = (fractions(front, 0), fractions(front, 1));
    let mut taken = vec![false; front.len()];
    // The sides of what a trial adds end at its nearest neighbours among those taken.
    let mut right = vec![1.0 + MARGIN; front.len()];
    let mut top = vec![1.0 + MARGIN; front.len()];
    let mut best = Vec::with_capacity(wanted);
    for _ in 0..wanted {
        let area = |place: &usize| (right[*place] - x[*place]) * (top[*place] - y[*place]);
        let free = (0..front.len()).filter(|&place| !taken[place]).rev();
        let Some(next) = free.max_by(|a, b| area(a).total_cmp(&area(b))) else {
            break;
        };
        taken[next] = true;
        best.push(front[next].0);
        for side in &mut right[..next] {
            *side = side.min(x[next]);
        }
        for side in &mut top[next + 1..] {
            *side = side.min(y[next]);
        }
    }
    best
}

/// The trials with the largest crowding distance.
fn least_crowded(front: &[Trial], wanted: usize) -> Vec<usize> {
    let distances = crowding(&front.iter().map(|trial| trial.1).collect::<Vec<_>>());
    let mut order: Vec<usize> = (0..front.len()).collect();
    order.sort_by(|&a, &b| distances[b].total_cmp(&distances[a]));
    order.into_iter().take(wanted).map(|place| front[place].0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(losses: &[&[f64]], wanted: usize) -> Vec<usize> {
        let mut chosen = best(losses.iter().copied().enumerate().collect(), wanted);
        chosen.sort_unstable();
        chosen
    }

    #[test]
    fn trials_that_none_dominates_come_first() {
        let losses: [&[f64]; 5] = [&[2.0, 2.0], &[1.0, 3.0], &[3.0, 1.0], &[1.5, 1.5], &[4.0, 4.0]];
        assert_eq!(chosen(&losses, 3), [1, 2, 3]);
        assert_eq!(chosen(&losses, 4), [0, 1, 2, 3]);
    }

    #[test]
    fn of_a_front_of_two_goals_those_with_the_largest_area_are_taken() {
        let losses: [&[f64]; 4] = [&[0.0, 1.0], &[0.1, 0.1], &[0.11, 0.09], &[1.0, 0.0]];
        // The knee first, then the ends: its twin adds nearly nothing.
        assert_eq!(chosen(&losses, 1), [1]);
        assert_eq!(chosen(&losses, 3), [0, 1, 3]);
    }

    #[test]
    fn of_a_front_of_three_goals_the_least_crowded_are_taken() {
        let losses: [&[f64]; 5] = [
            &[0.0, 1.0, 0.5],
            &[0.5, 0.5, 0.5],
            &[0.51, 0.49, 0.5],
            &[1.0, 0.0, 0.5],
            &[0.2, 0.9, 0.1],
        ];
        let chosen = chosen(&losses, 3);
        assert!(chosen.contains(&0) && chosen.contains(&3), "{chosen:?}");
    }

    #[test]
    fn equal_and_extreme_losses_are_no_special_case() {
        assert_eq!(chosen(&[&[1.0; 2] as &[f64]; 50], 5).len(), 5);
        assert_eq!(chosen(&[&[1.0; 3] as &[f64]; 50], 5).len(), 5);
        let losses: [&[f64]; 3] = [&[-f64::MAX, f64::MAX], &[f64::MAX, -f64::MAX], &[0.0, 0.0]];
        assert_eq!(chosen(&losses, 2).len(), 2);
        assert_eq!(chosen(&losses, 1), [2]);
    }
}
