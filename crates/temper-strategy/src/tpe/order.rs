//! Which trials count as good.

use super::pareto;
use crate::breeding::compare;
use crate::evidence::{End, Lesson};

/// At most this many are good when there is one goal: Optuna's `default_gamma`.
const MOST: usize = 25;

/// The trials that the estimator of good configurations learns from, oldest first.
///
/// A tenth, rounded up: Optuna's `default_gamma`, the linear rule of Watanabe 2023, section 3.
/// Those of a worse tier are good only if the better tiers have not enough: those that keep all
/// constraints come first, then those that break them least. Those that were pruned before where trials
/// are compared are good only if there are no others.
pub(super) fn good(lessons: &[Lesson]) -> Vec<usize> {
    let mut tiers: [Vec<(usize, &[f64])>; TIERS] = Default::default();
    for (index, lesson) in lessons.iter().enumerate() {
        if let Some((tier, losses)) = place(lesson) {
            tiers[tier].push((index, losses));
        }
    }
    // A log that gives some trials fewer losses is wrong, and no reason to panic.
    let goals = tiers.iter().flatten().map(|(_, losses)| losses.len()).min().unwrap_or(0);
    for (_, losses) in tiers.iter_mut().flatten() {
        *losses = &losses[..goals];
    }
    let tenth = lessons.len().div_ceil(10);
    let mut wanted = if goals > 1 { tenth } else { tenth.min(MOST) };
    let mut good = Vec::with_capacity(wanted);
    for (place, tier) in tiers.into_iter().enumerate() {
        if place == PRUNED && !good.is_empty() {
            break;
        }
        let best = if place == BROKEN {
            least_broken(lessons, tier, wanted)
        } else {
            best(tier, goals, wanted)
        };
        wanted -= best.len();
        good.extend(best);
    }
    good.sort_unstable();
    good
}

/// Kept all constraints, broke some, pruned.
const TIERS: usize = 3;
/// The tier of those that broke constraints.
const BROKEN: usize = 1;
/// The tier of those that were pruned: at different steps, so that they hardly compare.
const PRUNED: usize = 2;

/// The tier of a trial, lower is better, and by what it is compared within the tier. `None`: it
/// is worse than all that have a tier, and never good.
fn place(lesson: &Lesson) -> Option<(usize, &[f64])> {
    let tier = if lesson.end.violation() > 0.0 { BROKEN } else { 0 };
    match &lesson.end {
        End::Completed { losses, .. } | End::Pruned { losses } if losses.is_empty() => None,
        End::Completed { losses, .. } => Some((tier, losses)),
        End::Partial { loss, .. } => Some((tier, std::slice::from_ref(loss))),
        End::Pruned { losses } => Some((PRUNED, losses)),
        End::Failed(_) => None,
    }
}

/// The best of one tier, at most `wanted`, in no order.
fn best(tier: Vec<(usize, &[f64])>, goals: usize, wanted: usize) -> Vec<usize> {
    if wanted == 0 {
        return Vec::new();
    }
    if tier.len() <= wanted {
        return tier.into_iter().map(|(index, _)| index).collect();
    }
    if goals > 1 {
        return pareto::best(tier, wanted);
    }
    let mut losses: Vec<(f64, usize)> =
        tier.into_iter().map(|(index, losses)| (losses[0], index)).collect();
    // Of equals the older one.
    losses.select_nth_unstable_by(wanted - 1, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    losses.truncate(wanted);
    losses.into_iter().map(|(_, index)| index).collect()
}

/// Those that break their constraints by least, at most `wanted`; of equals the one with the lower
/// first loss, then the older one.
fn least_broken(lessons: &[Lesson], tier: Vec<(usize, &[f64])>, wanted: usize) -> Vec<usize> {
    let mut indices: Vec<usize> = tier.into_iter().map(|(index, _)| index).collect();
    indices.sort_by(|&one, &other| compare(&lessons[one].end, &lessons[other].end));
    indices.truncate(wanted);
    indices
}

#[cfg(test)]
mod tests {
    use temper_core::FailureKind;

    use super::*;

    fn lesson(end: End) -> Lesson {
        Lesson {
            point: vec![0.5],
            active: vec![true],
            end,
            noises: Vec::new(),
            unseen: 0.0,
            cost: None,
        }
    }

    fn completed(loss: f64) -> Lesson {
        lesson(End::Completed { losses: vec![loss], excesses: Vec::new() })
    }

    #[test]
    fn a_tenth_is_good_and_at_most_25() {
        let lessons: Vec<_> = (0..1000).map(|loss| completed(f64::from(-loss))).collect();
        assert_eq!(good(&lessons), (975..1000).collect::<Vec<_>>());
        assert_eq!(good(&lessons[..11]), [9, 10]);
        assert_eq!(good(&lessons[..1]), [0]);
        assert!(good(&[]).is_empty());
    }

    #[test]
    fn of_equal_losses_the_oldest_are_good() {
        let lessons = vec![completed(1e300); 40];
        assert_eq!(good(&lessons), [0, 1, 2, 3]);
    }

    #[test]
    fn of_several_goals_only_those_that_all_have_count() {
        let pair = |a, b| lesson(End::Completed { losses: vec![a, b], excesses: Vec::new() });
        let mut lessons = vec![pair(2.0, 2.0), pair(1.0, 3.0), pair(3.0, 1.0), pair(4.0, 4.0)];
        lessons.extend(vec![pair(5.0, 5.0); 17]);
        assert_eq!(good(&lessons), [0, 1, 2]);
        lessons[3] = completed(0.0);
        assert_eq!(good(&lessons), [0, 1, 3]);
    }

    #[test]
    fn pruned_trials_are_good_only_without_completed_ones_and_failed_ones_never() {
        let mut lessons = vec![lesson(End::Failed(FailureKind::OutOfMemory)); 5];
        assert!(good(&lessons).is_empty());
        lessons.push(lesson(End::Pruned { losses: vec![] }));
        lessons.extend(vec![lesson(End::Pruned { losses: vec![0.5] }); 11]);
        assert_eq!(good(&lessons), [6, 7]);
        lessons.push(completed(9.0));
        assert_eq!(good(&lessons), [17]);
    }

    #[test]
    fn constraints_kept_come_first_and_then_those_broken_least() {
        let broken = |loss: f64, excess| {
            lesson(End::Completed { losses: vec![loss], excesses: vec![Some(-1.0), excess] })
        };
        let mut lessons = vec![
            broken(0.0, Some(9.0)),
            broken(5.0, Some(1.0)),
            broken(4.0, Some(1.0)),
            broken(-9.0, None),
            lesson(End::Pruned { losses: vec![-9.0] }),
        ];
        lessons.resize(20, lesson(End::Failed(FailureKind::Crashed)));
        assert_eq!(good(&lessons), [1, 2]);
        assert_eq!(good(&lessons[..10]), [2]);
        lessons.push(broken(1e300, Some(0.0)));
        assert_eq!(good(&lessons), [1, 2, 20]);
        lessons.resize(60, lesson(End::Failed(FailureKind::Crashed)));
        assert_eq!(good(&lessons), [0, 1, 2, 3, 20]);
    }
}
