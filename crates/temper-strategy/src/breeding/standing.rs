//! Which of two trials is better.

use std::cmp::Ordering;

use crate::evidence::End;

/// Whether a trial can be bred from: it has a loss.
pub(crate) fn is_usable(end: &End) -> bool {
    !losses(end).is_empty()
}

/// The order by the first goal, the better one first: completed trials before pruned ones, whose
/// losses are those of an earlier step, and those before failed ones.
pub(crate) fn compare(one: &End, other: &End) -> Ordering {
    let first = |end| losses(end).first().copied().unwrap_or(f64::INFINITY);
    rank(one).cmp(&rank(other)).then(first(one).total_cmp(&first(other)))
}

/// Whether one trial dominates another: it ended better or, where both ended alike, it is worse in
/// no goal and better in one.
///
/// Source: Deb et al., "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II", IEEE Trans.
/// Evol. Comput. 6, 2002, definition 1 (constrained-domination), with the way in which a trial
/// ended in the place of the violation.
pub(crate) fn dominates(one: &End, other: &End) -> bool {
    match rank(one).cmp(&rank(other)) {
        Ordering::Less => true,
        Ordering::Greater => false,
        Ordering::Equal => {
            let pairs = || losses(one).iter().zip(losses(other));
            pairs().all(|(one, other)| one <= other) && pairs().any(|(one, other)| one < other)
        }
    }
}

fn rank(end: &End) -> u8 {
    match end {
        End::Completed { .. } => 0,
        End::Pruned { .. } => 1,
        End::Failed(_) => 2,
    }
}

/// One loss per goal; none if it has none.
pub(crate) fn losses(end: &End) -> &[f64] {
    match end {
        End::Completed { losses, .. } | End::Pruned { losses } => losses,
        End::Failed(_) => &[],
    }
}

#[cfg(test)]
mod tests {
    use temper_core::FailureKind;

    use super::*;

    #[test]
    fn the_way_it_ended_comes_first_and_then_every_goal() {
        let done =
            |losses: [f64; 2]| End::Completed { losses: losses.to_vec(), excesses: Vec::new() };
        let stopped = End::Pruned { losses: vec![0.0, 0.0] };
        let failed = End::Failed(FailureKind::OutOfMemory);
        assert!(dominates(&done([1.0, 2.0]), &done([1.0, 3.0])));
        assert!(!dominates(&done([1.0, 2.0]), &done([1.0, 2.0])));
        assert!(!dominates(&done([1.0, 2.0]), &done([2.0, 1.0])));
        assert!(dominates(&done([1e300, 1e300]), &stopped) && dominates(&stopped, &failed));
        assert!(is_usable(&stopped) && !is_usable(&failed));
        assert_eq!(compare(&done([1.0, 9.0]), &done([2.0, 0.0])), Ordering::Less);
        assert_eq!(compare(&failed, &stopped), Ordering::Greater);
    }
}
