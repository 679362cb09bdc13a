//! Which of two trials is better.

use std::cmp::Ordering;

use crate::evidence::End;
use crate::pareto;

/// Whether a trial can be bred from: it has a loss.
pub(crate) fn is_usable(end: &End) -> bool {
    !losses(end).is_empty()
}

/// The order by the first goal, the better one first: completed trials before pruned ones, whose
/// losses are those of an earlier step, and those before failed ones; of the completed ones those
/// that keep all constraints, and then those that break them less.
pub(crate) fn compare(one: &End, other: &End) -> Ordering {
    let first = |end| losses(end).first().copied().unwrap_or(f64::INFINITY);
    rank(one, other).then(first(one).total_cmp(&first(other)))
}

/// Whether one trial dominates another: it ended better, or breaks constraints by less or, where
/// both are alike in that, it is worse in no goal and better in one.
///
/// Source: Deb et al., "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II", IEEE Trans.
/// Evol. Comput. 6, 2002, definition 1 (constrained-domination), with the way in which a trial
/// ended before the violation, and the goals also where two violations are equal.
pub(crate) fn dominates(one: &End, other: &End) -> bool {
    match rank(one, other) {
        Ordering::Less => true,
        Ordering::Greater => false,
        Ordering::Equal => pareto::dominates(losses(one), losses(other)),
    }
}

/// The order by the way in which they ended, and then by how far constraints are broken. Whether
/// a pruned trial would have kept them is not known.
fn rank(one: &End, other: &End) -> Ordering {
    let way = |end: &End| match end {
        End::Completed { .. } => 0,
        End::Pruned { .. } | End::Partial { .. } => 1,
        End::Failed(_) => 2,
    };
    way(one).cmp(&way(other)).then(one.violation().total_cmp(&other.violation()))
}

/// One loss per goal; none if it has none.
pub(crate) fn losses(end: &End) -> &[f64] {
    match end {
        End::Completed { losses, .. } | End::Pruned { losses } => losses,
        End::Partial { loss, .. } => std::slice::from_ref(loss),
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

    #[test]
    fn constraints_come_before_goals() {
        let done = |losses: [f64; 2], excess| End::Completed {
            losses: losses.to_vec(),
            excesses: vec![Some(-2.0), excess],
        };
        let kept = done([9.0, 9.0], Some(0.0));
        let (near, far) = (done([5.0, 5.0], Some(0.5)), done([0.0, 0.0], Some(3.0)));
        let unknown = done([-1.0, -1.0], None);
        let stopped = End::Pruned { losses: vec![-2.0, -2.0] };
        let order = [&kept, &near, &far, &unknown, &stopped];
        for pair in order.windows(2) {
            assert!(dominates(pair[0], pair[1]) && !dominates(pair[1], pair[0]), "{pair:?}");
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
        // As far past the bound as each other, the goals tell.
        assert!(dominates(&done([4.0, 5.0], Some(0.5)), &near));
        assert!(!dominates(&done([4.0, 6.0], Some(0.5)), &near));
    }
}
