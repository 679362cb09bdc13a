//! The estimators of good and of bad configurations, fitted to the trials so far.

use temper_core::{History, Rng};
use temper_space::Space;

use super::axis::Axis;
use super::group::Group;
use super::order;
use super::parzen::Parzen;
use crate::evidence::{Lesson, pending};

/// Fewer new places than this are sorted in one by one.
const FEW: usize = 16;

/// What does not change from one question to the next, kept because it takes long to make.
#[derive(Clone, Debug, Default)]
pub(super) struct Ground {
    axes: Vec<Axis>,
    groups: Vec<Group>,
    /// For each axis, place and index of the lessons in which it is active, ascending.
    sorted: Vec<Vec<(f64, usize)>>,
    /// How many lessons are in `sorted`.
    read: usize,
}

impl Ground {
    /// Takes in the lessons that are new.
    pub(super) fn update(&mut self, space: &Space, lessons: &[Lesson]) {
        if self.axes.is_empty() {
            self.axes = Axis::all(space);
            self.groups = Group::all(space);
            self.sorted = vec![Vec::new(); self.axes.len()];
        }
        let are_few = lessons.len() - self.read < FEW;
        for (axis, sorted) in self.sorted.iter_mut().enumerate() {
            let new = lessons.iter().enumerate().skip(self.read);
            for (index, lesson) in new.filter(|(_, lesson)| lesson.active[axis]) {
                if are_few {
                    insert(sorted, (lesson.point[axis], index));
                } else {
                    sorted.push((lesson.point[axis], index));
                }
            }
            if !are_few {
                sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
            }
        }
        self.read = lessons.len();
    }

    /// The estimator of a group from the good lessons in which it exists. `good`: ascending.
    fn fit_good(&self, group: &Group, lessons: &[Lesson], good: &[usize]) -> Parzen {
        let lessons = good.iter().map(|&index| &lessons[index]);
        let there: Vec<_> = lessons.filter(|lesson| group.exists(&lesson.active)).collect();
        let mut parzen = Parzen::new(there.len());
        let mut sorted: Vec<(f64, usize)> = Vec::with_capacity(there.len());
        for &axis in &group.axes {
            sorted.clear();
            sorted.extend(there.iter().map(|lesson| lesson.point[axis]).zip(0..));
            sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
            parzen.fit(&self.axes[axis], &sorted);
        }
        parzen
    }

    /// The estimator of a group from all other lessons in which it exists, and what runs.
    fn fit_bad(
        &self,
        group: &Group,
        lessons: &[Lesson],
        good: &[usize],
        running: &[(Vec<f64>, Vec<bool>)],
    ) -> Parzen {
        let mut numbers = vec![None; lessons.len()];
        let mut count = 0;
        for (index, lesson) in lessons.iter().enumerate() {
            if group.exists(&lesson.active) && good.binary_search(&index).is_err() {
                numbers[index] = Some(count);
                count += 1;
            }
        }
        let running: Vec<_> = running.iter().filter(|(_, active)| group.exists(active)).collect();
        let mut parzen = Parzen::new(count + running.len());
        let mut sorted: Vec<(f64, usize)> = Vec::with_capacity(count + running.len());
        for &axis in &group.axes {
            sorted.clear();
            let ended = self.sorted[axis].iter();
            sorted.extend(ended.filter_map(|&(place, index)| Some((place, numbers[index]?))));
            for ((point, _), number) in running.iter().zip(count..) {
                insert(&mut sorted, (point[axis], number));
            }
            parzen.fit(&self.axes[axis], &sorted);
        }
        parzen
    }
}

/// A point of the unit cube that may be tried.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// `dims`.
    pub(super) point: Vec<f64>,
    /// For each group, whether it exists there.
    exists: Vec<bool>,
}

/// A pair of estimators for each group.
#[derive(Debug)]
pub(super) struct Model<'a> {
    space: &'a Space,
    groups: &'a [Group],
    good: Vec<Parzen>,
    bad: Vec<Parzen>,
}

impl<'a> Model<'a> {
    /// Fits the estimators. A trial that is still running counts as bad, so that those proposed
    /// meanwhile keep away from it: the constant liar of Ginsbourger et al. 2010.
    pub(super) fn fit(
        ground: &'a Ground,
        space: &'a Space,
        lessons: &[Lesson],
        history: &History,
    ) -> Self {
        let good = order::good(lessons);
        let running: Vec<_> = pending(history)
            .map(|trial| (space.encode(trial.config()), space.active(trial.config())))
            .collect();
        let groups = &ground.groups;
        Self {
            space,
            groups,
            good: groups.iter().map(|group| ground.fit_good(group, lessons, &good)).collect(),
            bad: groups
                .iter()
                .map(|group| ground.fit_bad(group, lessons, &good, &running))
                .collect(),
        }
    }

    /// A draw from the estimator of good configurations.
    pub(super) fn draw(&self, rng: &mut Rng) -> Candidate {
        let mut point = vec![0.5; self.space.dims()];
        let mut exists = Vec::with_capacity(self.groups.len());
        // Of the point so far; a group comes after those that its condition names.
        let mut active: Option<Vec<bool>> = None;
        for (group, good) in self.groups.iter().zip(&self.good) {
            let is_there = !group.conditional
                || group.exists(active.get_or_insert_with(|| self.active(&point)));
            if is_there {
                for (&axis, place) in group.axes.iter().zip(good.draw(rng)) {
                    point[axis] = place;
                }
                active = None;
            }
            exists.push(is_there);
        }
        Candidate { point, exists }
    }

    /// The candidate at a point.
    pub(super) fn candidate(&self, point: Vec<f64>) -> Candidate {
        let active = self.active(&point);
        let exists = self.groups.iter().map(|group| group.exists(&active)).collect();
        Candidate { point, exists }
    }

    fn active(&self, point: &[f64]) -> Vec<bool> {
        self.space.active(&self.space.decode(point))
    }

    /// For each candidate, how much likelier it is among the good than among the bad, as a
    /// logarithm: log l(x) - log g(x), which grows with the expected improvement; Bergstra et al.
    /// 2011, section 4.1. The density of a configuration is the product of those of its groups.
    pub(super) fn scores(&self, candidates: &[Candidate]) -> Vec<f64> {
        let mut scores = vec![0.0; candidates.len()];
        for (index, group) in self.groups.iter().enumerate() {
            let there: Vec<_> =
                (0..candidates.len()).filter(|&at| candidates[at].exists[index]).collect();
            let places: Vec<Vec<f64>> = (group.axes.iter())
                .map(|&axis| there.iter().map(|&at| candidates[at].point[axis]).collect())
                .collect();
            let good = self.good[index].ln_densities(&places);
            let bad = self.bad[index].ln_densities(&places);
            for (at, (good, bad)) in there.into_iter().zip(good.into_iter().zip(bad)) {
                scores[at] += good - bad;
            }
        }
        scores
    }
}

/// Where a stable sort by place would put it.
fn insert(sorted: &mut Vec<(f64, usize)>, new: (f64, usize)) {
    let rank = sorted.partition_point(|(place, _)| place.total_cmp(&new.0).is_le());
    sorted.insert(rank, new);
}
