//! The space as the surrogate and the search of its acquisition see it.

use temper_core::Config;
use temper_gp::{Axis, Kernel, Smoothness};
use temper_space::{Domain, Space};

use crate::cube::{bucket, level_index, level_place, neighbour};

/// A space and the kind of each of its dimensions.
#[derive(Clone, Debug)]
pub(crate) struct Axes<'a> {
    space: &'a Space,
    kinds: Vec<Kind>,
    has_conditions: bool,
}

/// How a dimension is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// By gradients: floats, and integers with so many levels that a rounding changes little.
    Smooth,
    /// By trying levels: the number of them.
    Levels(u64),
}

/// A configuration's place in the unit cube.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    /// `dims`; each coordinate is that of the value that will be run.
    pub(crate) point: Vec<f64>,
    /// For each dimension, whether its parameter exists.
    pub(crate) active: Vec<bool>,
}

/// With more levels than this a dimension is searched as a continuous one.
const MANY: u64 = 50;

impl<'a> Axes<'a> {
    pub(crate) fn new(space: &'a Space) -> Self {
        let kind = |domain: &Domain| match domain.levels() {
            Some(levels) if levels <= MANY || !domain.is_ordered() => Kind::Levels(levels),
            _ => Kind::Smooth,
        };
        Self {
            space,
            kinds: space.axes().map(|axis| kind(axis.domain())).collect(),
            has_conditions: space.axes().any(|axis| axis.condition().is_some()),
        }
    }

    pub(super) fn kernel(&self) -> Kernel {
        let axis = |domain: &Domain| if domain.is_ordered() { Axis::Numeric } else { Axis::Choice };
        let axes = self.space.axes().map(|param| axis(param.domain())).collect();
        Kernel::new(axes, Smoothness::Matern52)
    }

    pub(crate) fn dims(&self) -> usize {
        self.kinds.len()
    }

    pub(super) fn kind(&self, axis: usize) -> Kind {
        self.kinds[axis]
    }

    /// Whether the values of a dimension have an order.
    pub(crate) fn is_ordered(&self, axis: usize) -> bool {
        self.domain(axis).is_some_and(Domain::is_ordered)
    }

    /// The coordinates of the values next to the one at a place, the lower first, if the values of
    /// the dimension can be counted. At an end both are on the same side.
    pub(crate) fn beside(&self, axis: usize, place: f64) -> Option<(f64, f64)> {
        let domain = self.domain(axis)?;
        let bucket = bucket(domain, place)?;
        let (below, above) = (neighbour(domain, bucket, -1.0), neighbour(domain, bucket, 1.0));
        Some((below.min(above), below.max(above)))
    }

    /// The coordinate of a level of a dimension.
    pub(super) fn level(&self, axis: usize, level: u64) -> f64 {
        self.domain(axis).map_or(0.5, |domain| domain.encode(&domain.level(level)))
    }

    /// Where a configuration lies.
    pub(crate) fn place(&self, config: &Config) -> Place {
        Place { point: self.space.encode(config), active: self.space.active(config) }
    }

    /// The place of the configuration that a point of the cube decodes to.
    pub(crate) fn settle(&self, point: &[f64]) -> Place {
        let round = |(domain, place): (&Domain, &f64)| match domain {
            // The codec would go through text.
            Domain::Choice(values) | Domain::Ordinal(values) => {
                let levels = values.len() as u64;
                level_place(level_index(*place, levels), levels)
            }
            _ => domain.encode(&domain.decode(*place)),
        };
        let domains = self.space.axes().map(temper_space::Param::domain);
        let mut point: Vec<f64> = domains.zip(point).map(round).collect();
        let active = if self.has_conditions {
            let active = self.space.active(&self.space.decode(&point));
            let inactive = point.iter_mut().zip(&active).filter(|(_, active)| !**active);
            inactive.for_each(|(place, _)| *place = 0.5);
            active
        } else {
            vec![true; point.len()]
        };
        Place { point, active }
    }

    /// The configuration at a place, if the requirements allow it.
    pub(crate) fn config(&self, place: &Place) -> Option<Config> {
        self.space.complete(self.space.decode(&place.point)).ok()
    }

    /// Whether there are relations that a configuration may break.
    pub(super) fn has_requirements(&self) -> bool {
        !self.space.requires().is_empty()
    }

    fn domain(&self, axis: usize) -> Option<&Domain> {
        self.space.axes().nth(axis).map(temper_space::Param::domain)
    }
}
