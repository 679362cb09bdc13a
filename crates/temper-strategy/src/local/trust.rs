//! The box that a local search trusts its model in.

use crate::bayes::{Axes, Place, Region};
use crate::evidence::{End, Lesson};

/// So many better results in a row widen the box. Eriksson et al. 2019, supplement, section 1.
const SUCCESSES: u32 = 3;
/// So many results that are no better, or one for each parameter if that is more, halve it.
const FAILURES: u32 = 4;
/// It is never narrower than this.
const NARROWEST: f64 = 1.0 / 128.0;

/// Where the box is, and what led there.
#[derive(Clone, Debug)]
pub(super) struct Trust {
    centre: Place,
    width: f64,
    widest: f64,
    /// By how much the best result breaks constraints, and its loss.
    best: Option<(f64, f64)>,
    successes: u32,
    failures: u32,
}

impl Trust {
    /// A box around a place.
    pub(super) fn new(centre: Place, width: f64) -> Self {
        Self { centre, width, widest: width, best: None, successes: 0, failures: 0 }
    }

    /// As the results have moved it; those outside of it say nothing, and none does before the
    /// result of the centre is there to compare with.
    pub(super) fn after(mut self, lessons: &[Lesson], axes: &Axes<'_>) -> Self {
        let Some(first) = lessons.iter().find(|lesson| lesson.point == self.centre.point) else {
            return self;
        };
        self.best = result(first);
        for lesson in lessons {
            let place = Place { point: lesson.point.clone(), active: lesson.active.clone() };
            if place != self.centre && self.region(axes).contains(axes, &place) {
                self.learn(result(lesson), place);
            }
        }
        self
    }

    fn learn(&mut self, result: Option<(f64, f64)>, place: Place) {
        let is_better = |result: &(f64, f64)| self.best.is_none_or(|best| *result < best);
        match result.filter(is_better) {
            Some(result) => {
                self.successes += 1;
                self.failures = 0;
                self.centre = place;
                self.best = Some(result);
            }
            None => {
                self.failures += 1;
                self.successes = 0;
            }
        }
        let patience = FAILURES.max(self.centre.point.len() as u32);
        if self.successes == SUCCESSES {
            self.width = (2.0 * self.width).min(self.widest);
            self.successes = 0;
        } else if self.failures == patience {
            self.width = (self.width / 2.0).max(NARROWEST.min(self.widest));
            self.failures = 0;
        }
    }

    /// Doubles the box; `false` if it is the whole space already.
    pub(super) fn widen(&mut self) -> bool {
        let is_part = self.width < 2.0;
        self.width *= 2.0;
        is_part
    }

    pub(super) fn region(&self, axes: &Axes<'_>) -> Region {
        Region::around(self.centre.clone(), self.width, axes)
    }
}

/// By how much a completed trial breaks constraints, and its loss.
fn result(lesson: &Lesson) -> Option<(f64, f64)> {
    match &lesson.end {
        End::Completed { losses, .. } => Some((lesson.end.violation(), losses[0])),
        End::Pruned { .. } | End::Partial { .. } | End::Failed(_) => None,
    }
}
