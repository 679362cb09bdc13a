//! Who is dominated by whom, and who is alone.
//!
//! Source: Deb et al., "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II", IEEE Trans.
//! Evol. Comput. 6, 2002, sections III-A and III-B.

use crate::breeding::{dominates, losses};
use crate::evidence::{End, Lesson};
use crate::pareto::crowding;

/// Where a member of a population stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Standing {
    /// The front it is in; 0 is dominated by nobody.
    pub(super) front: usize,
    /// How far its neighbours in that front are; infinite at the ends.
    pub(super) crowding: f64,
}

impl Standing {
    /// Whether it is to be preferred: the crowded-comparison operator, section III-B.
    pub(super) fn is_better(self, other: Self) -> bool {
        self.front < other.front || (self.front == other.front && self.crowding > other.crowding)
    }
}

/// Where each member stands; `members` are indices into `lessons`.
pub(super) fn standings(lessons: &[Lesson], members: &[usize]) -> Vec<Standing> {
    let ends: Vec<&End> = members.iter().map(|&member| &lessons[member].end).collect();
    let mut standings = vec![Standing { front: 0, crowding: 0.0 }; ends.len()];
    for (index, front) in fronts(&ends).into_iter().enumerate() {
        let losses: Vec<&[f64]> = front.iter().map(|&member| losses(ends[member])).collect();
        let crowding = crowding(&losses);
        for (member, crowding) in front.into_iter().zip(crowding) {
            standings[member] = Standing { front: index, crowding };
        }
    }
    standings
}

/// The fronts, each with the indices of its members: fast non-dominated sorting, section III-A.
fn fronts(ends: &[&End]) -> Vec<Vec<usize>> {
    let mut dominators = vec![0usize; ends.len()];
    let mut dominated = vec![Vec::new(); ends.len()];
    for (one, end) in ends.iter().enumerate() {
        for (other, _) in ends.iter().enumerate().filter(|(_, other)| dominates(end, other)) {
            dominated[one].push(other);
            dominators[other] += 1;
        }
    }
    let mut fronts = Vec::new();
    let mut front: Vec<usize> = (0..ends.len()).filter(|&one| dominators[one] == 0).collect();
    while !front.is_empty() {
        let mut next = Vec::new();
        for other in front.iter().flat_map(|&one| &dominated[one]) {
            dominators[*other] -= 1;
            if dominators[*other] == 0 {
                next.push(*other);
            }
        }
        fronts.push(std::mem::replace(&mut front, next));
    }
    fronts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lesson(losses: [f64; 2]) -> Lesson {
        let end = End::Completed { losses: losses.to_vec(), excesses: Vec::new() };
        Lesson {
            point: Vec::new(),
            active: Vec::new(),
            end,
            noises: Vec::new(),
            unseen: 0.0,
            cost: None,
        }
    }

    #[test]
    fn fronts_are_peeled_off_and_ends_are_kept() {
        let lessons = [[0.0, 4.0], [1.0, 1.0], [4.0, 0.0], [2.0, 2.0], [5.0, 5.0]].map(lesson);
        let standings = standings(&lessons, &[0, 1, 2, 3, 4]);
        let fronts: Vec<_> = standings.iter().map(|standing| standing.front).collect();
        assert_eq!(fronts, [0, 0, 0, 1, 2]);
        assert!(standings[0].crowding.is_infinite() && standings[2].crowding.is_infinite());
        assert_eq!(standings[1].crowding, 2.0);
        assert!(standings[0].is_better(standings[1]) && standings[1].is_better(standings[3]));
    }

    #[test]
    fn huge_and_equal_losses_have_crowding_distances() {
        let most = f64::MAX;
        let lessons = [[-most, most], [0.0, 0.0], [most, -most], [0.0, 0.0]].map(lesson);
        assert!(standings(&lessons, &[0, 1, 2, 3]).iter().all(|it| !it.crowding.is_nan()));
        let lessons = [[1.0, 1.0]; 3].map(lesson);
        assert!(standings(&lessons, &[0, 1, 2]).iter().all(|it| it.crowding == 0.0));
    }
}
