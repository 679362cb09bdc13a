//! A part of the space around a place.

use rand::RngExt;
use temper_core::Rng;

use super::axes::{Axes, Place};

/// A box around a place: along each dimension with an order an interval, and of the choices at
/// most one that differs from the place's.
///
/// The Hamming ball of radius 1 is that of Wan et al. 2021, "Think Global and Act Local:
/// Bayesian Optimisation over High-Dimensional Categorical and Mixed Search Spaces", section 4.1,
/// at its smallest.
#[derive(Clone, Debug)]
pub(crate) struct Region {
    centre: Place,
    /// The interval along each dimension; that of a choice is not used.
    low: Vec<f64>,
    high: Vec<f64>,
}

impl Region {
    /// The box whose sides are `width` of the unit interval, or reach the next value to either side
    /// where that is farther. Along a parameter that does not exist at the centre it is the whole
    /// interval.
    pub(crate) fn around(centre: Place, width: f64, axes: &Axes<'_>) -> Self {
        let ends = |axis: usize| {
            if !centre.active[axis] {
                return (0.0, 1.0);
            }
            let place = centre.point[axis];
            let (below, above) = axes.beside(axis, place).unwrap_or((place, place));
            let (low, high) = (place - width / 2.0, place + width / 2.0);
            (low.max(0.0).min(below), high.min(1.0).max(above))
        };
        let (low, high) = (0..axes.dims()).map(ends).unzip();
        Self { centre, low, high }
    }

    /// The ends of the box along a dimension.
    pub(crate) fn ends(&self, axis: usize) -> (f64, f64) {
        (self.low[axis], self.high[axis])
    }

    /// Whether a place lies in it.
    pub(crate) fn contains(&self, axes: &Axes<'_>, place: &Place) -> bool {
        let ordered = (0..axes.dims()).filter(|axis| axes.is_ordered(*axis) && place.active[*axis]);
        let inside = |axis: usize| {
            let (low, high) = self.ends(axis);
            // An end may be off by a rounding.
            (low - 1e-9..=high + 1e-9).contains(&place.point[axis])
        };
        ordered.into_iter().all(inside) && self.changed(axes, place).count() <= 1
    }

    /// The place in the box for a point of the unit cube: as far between the ends as the point is
    /// between 0 and 1, with at most one of its choices.
    pub(crate) fn stretch(&self, axes: &Axes<'_>, point: &[f64], rng: &mut Rng) -> Place {
        let along = |(axis, place): (usize, &f64)| match axes.is_ordered(axis) {
            true => self.low[axis] + place * (self.high[axis] - self.low[axis]),
            false => *place,
        };
        self.choose(axes, point.iter().enumerate().map(along).collect(), rng)
    }

    /// The place in the box near a point.
    pub(crate) fn clamp(&self, axes: &Axes<'_>, point: &[f64], rng: &mut Rng) -> Place {
        let along = |(axis, place): (usize, &f64)| match axes.is_ordered(axis) {
            true => place.clamp(self.low[axis], self.high[axis]),
            false => *place,
        };
        self.choose(axes, point.iter().enumerate().map(along).collect(), rng)
    }

    /// Of the choices that differ from the centre's, one at random is kept.
    fn choose(&self, axes: &Axes<'_>, mut point: Vec<f64>, rng: &mut Rng) -> Place {
        let settled = axes.settle(&point);
        let changed: Vec<usize> = self.changed(axes, &settled).collect();
        if changed.len() <= 1 {
            return settled;
        }
        let kept = changed[rng.random_range(0..changed.len())];
        for axis in changed.into_iter().filter(|axis| *axis != kept) {
            point[axis] = self.centre.point[axis];
        }
        axes.settle(&point)
    }

    /// The choices that differ from the centre's, where both exist.
    fn changed(&self, axes: &Axes<'_>, place: &Place) -> impl Iterator<Item = usize> {
        (0..axes.dims()).filter(|axis| {
            let exists = self.centre.active[*axis] && place.active[*axis];
            exists && !axes.is_ordered(*axis) && place.point[*axis] != self.centre.point[*axis]
        })
    }
}
