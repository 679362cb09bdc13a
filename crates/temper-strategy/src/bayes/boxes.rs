//! The part of the space of losses that no trial so far dominates, cut into boxes.

use crate::pareto::dominates;

/// Boxes that don't overlap and together fill `{y <= reference : no front point <= y}`. With one
/// goal it is the one box below the best loss.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Boxes {
    /// For each goal the edges of all boxes, the first one minus infinity.
    pub(super) edges: Vec<Vec<f64>>,
    /// For each box and goal the indices of its lower and upper edge, `goals` pairs a box.
    pub(super) boxes: Vec<Vec<(usize, usize)>>,
}

/// The goals up to which the region is cut up exactly.
pub(super) const MOST_GOALS: usize = 3;

/// Lower and upper bounds, one per goal.
type Bounds = Vec<(f64, f64)>;

impl Boxes {
    /// Below the best loss of one goal.
    pub(super) fn below(best: f64) -> Self {
        Self::index(1, &[vec![(f64::NEG_INFINITY, best)]])
    }

    /// Below and beside the front of two or three goals, up to the reference point.
    pub(super) fn beside(front: &[Vec<f64>], reference: &[f64]) -> Self {
        let mut front: Vec<_> = front.iter().filter(|point| is_below(point, reference)).collect();
        let last = reference.len() - 1;
        // Swept along the last goal; with two goals all points count from the start.
        front.sort_by(|a, b| a[2.min(last)].total_cmp(&b[2.min(last)]));
        let sweeps = reference.len() > 2;
        let mut strips = vec![Strip {
            x: (f64::NEG_INFINITY, reference[0]),
            y: reference[1],
            since: f64::NEG_INFINITY,
        }];
        let mut closed = Vec::new();
        for point in front {
            let at = if sweeps { point[2] } else { f64::NEG_INFINITY };
            insert(&mut strips, &mut closed, (point[0], point[1]), at);
        }
        let end = if sweeps { reference[2] } else { f64::INFINITY };
        closed.extend(strips.into_iter().map(|strip| (strip, end)));
        let bounds: Vec<Bounds> = closed
            .into_iter()
            .filter(|(strip, until)| strip.x.0 < strip.x.1 && strip.since < *until)
            .map(|(strip, until)| {
                let plane = [strip.x, (f64::NEG_INFINITY, strip.y)];
                plane.into_iter().chain(sweeps.then_some((strip.since, until))).collect()
            })
            .collect();
        Self::index(reference.len(), &bounds)
    }

    /// Edges are shared between boxes: what is computed of an edge is computed once.
    fn index(goals: usize, boxes: &[Bounds]) -> Self {
        let edges: Vec<Vec<f64>> = (0..goals)
            .map(|goal| {
                let ends = boxes.iter().flat_map(|bounds| [bounds[goal].0, bounds[goal].1]);
                let mut edges: Vec<f64> = ends.chain([f64::NEG_INFINITY]).collect();
                edges.sort_by(f64::total_cmp);
                edges.dedup();
                edges
            })
            .collect();
        let find = |goal: usize, edge: f64| edges[goal].partition_point(|other| *other < edge);
        let indices = |bounds: &Bounds| {
            let goals = bounds.iter().enumerate();
            goals.map(|(goal, (low, high))| (find(goal, *low), find(goal, *high))).collect()
        };
        Self { boxes: boxes.iter().map(indices).collect(), edges }
    }
}

fn is_below(point: &[f64], reference: &[f64]) -> bool {
    point.iter().zip(reference).all(|(loss, bound)| loss < bound)
}

/// A strip of the plane of the first two goals, open below: not dominated since a place on the
/// third.
#[derive(Clone, Debug)]
struct Strip {
    x: (f64, f64),
    y: f64,
    since: f64,
}

/// Takes what a point dominates from the strips, which are in the order of `x` with falling `y`;
/// what is taken becomes closed boxes. A point adds two at most beyond those that it takes whole:
/// `2 n + 1` in total, as in Yang et al. 2019, "Efficient Computation of Expected Hypervolume
/// Improvement Using Box Decomposition Algorithms".
fn insert(strips: &mut Vec<Strip>, closed: &mut Vec<(Strip, f64)>, (x, y): (f64, f64), at: f64) {
    let first = strips.partition_point(|strip| strip.x.1 <= x);
    let Some(split) = strips.get(first).filter(|strip| strip.y > y) else { return };
    let left = Strip { x: (split.x.0, x), ..split.clone() };
    strips[first].x.0 = x;
    let end = first + strips[first..].iter().take_while(|strip| strip.y > y).count();
    let until = strips[end - 1].x.1;
    closed.extend(strips[first..end].iter().map(|strip| (strip.clone(), at)));
    let new = Strip { x: (x, until), y, since: at };
    let left = (left.x.0 < left.x.1).then_some(left);
    strips.splice(first..end, left.into_iter().chain([new]));
}

/// The points that no other one dominates; of equals the first.
pub(super) fn front(all: &[Vec<f64>]) -> Vec<usize> {
    let is_beaten = |place: usize| {
        let losses = &all[place];
        all.iter().any(|other| dominates(other, losses)) || all[..place].contains(losses)
    };
    (0..all.len()).filter(|&place| !is_beaten(place)).collect()
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use temper_core::stream;

    use super::*;

    #[test]
    fn every_point_that_is_not_dominated_lies_in_one_box() {
        for goals in [2, 3] {
            let mut rng = stream(7, goals);
            let mut point = || (0..goals).map(|_| (rng.random::<f64>() * 20.0).floor()).collect();
            let losses: Vec<Vec<f64>> = (0..30).map(|_| point()).collect();
            let front: Vec<_> = front(&losses).into_iter().map(|i| losses[i].clone()).collect();
            let boxes = Boxes::beside(&front, &vec![17.0; goals as usize]);
            assert!(boxes.boxes.len() <= 2 * front.len() + 1 || goals == 2, "{boxes:?}");
            for _ in 0..2000 {
                let probe: Vec<f64> = point().iter().map(|y: &f64| y - 2.5).collect();
                let is_dominated = front.iter().any(|p| p.iter().zip(&probe).all(|(a, b)| a <= b));
                let is_wanted = !is_dominated && probe.iter().all(|y| *y < 17.0);
                let holding = boxes.boxes.iter().filter(|indices| {
                    indices.iter().enumerate().all(|(goal, (low, high))| {
                        let edges = &boxes.edges[goal];
                        edges[*low] <= probe[goal] && probe[goal] < edges[*high]
                    })
                });
                assert_eq!(holding.count(), usize::from(is_wanted), "{probe:?}");
            }
        }
    }

    #[test]
    fn the_front_is_what_no_other_dominates() {
        let losses = [[1.0, 3.0], [2.0, 2.0], [2.0, 2.0], [3.0, 3.0], [3.0, 1.0]].map(Vec::from);
        assert_eq!(front(&losses), [0, 1, 4]);
    }
}
