//! Where the acquisition is highest.

use rand::RngExt;
use temper_core::Rng;
use temper_gp::GpError;
use temper_gp::lbfgs::{Limits, minimise};

use super::acquisition::Acquisition;
use super::axes::{Axes, Kind, Place};
use super::region::Region;
use crate::cube::reflect;
use crate::normal::draw_normal;
use crate::sobol::sobol_point;

/// Where to look first.
#[derive(Debug)]
pub(super) struct Sources<'a> {
    /// Places near which others are tried, the most promising first.
    pub(super) incumbents: &'a [Place],
    /// How many points are spread over the whole space.
    pub(super) spread: u32,
    /// How many are tried near each incumbent.
    pub(super) near: u32,
    /// Where alone to look; `None` is everywhere.
    pub(super) region: Option<&'a Region>,
}

impl<'a> Sources<'a> {
    /// As many of each as suit the space.
    pub(super) fn new(
        axes: &Axes<'_>,
        incumbents: &'a [Place],
        region: Option<&'a Region>,
    ) -> Self {
        let spread = (64 * axes.dims() as u32).clamp(128, 384);
        Self { incumbents, spread, near: 200 / incumbents.len().max(1) as u32, region }
    }
}

/// How many of the best points of the spread, and of those near the incumbents, are climbed from.
const CLIMBED: (usize, usize) = (2, 3);
/// How often continuous and discrete dimensions are climbed in turn.
const ROUNDS: u32 = 3;
const LIMITS: Limits = Limits { iterations: 25, tolerance: 1e-5 };
/// A neighbour moves in so many dimensions at most, on average.
/// Regis and Shoemaker 2013, "Combining radial basis function surrogates and dynamic coordinate
/// search", as in Papenmeier et al. 2025.
const MOVED: f64 = 20.0;
/// How far neighbours are, in units of the unit interval: each is drawn at one of these widths.
const WIDTHS: [f64; 4] = [0.2, 0.05, 0.0125, 0.003];

/// Places with a high acquisition, highest first.
pub(super) fn maximise(
    acquisition: &Acquisition<'_>,
    axes: &Axes<'_>,
    sources: &Sources<'_>,
    rng: &mut Rng,
) -> Result<Vec<Place>, GpError> {
    let scramble = rng.random();
    let region = sources.region;
    let spread = (0..sources.spread).map(|index| {
        let point = sobol_point(index, axes.dims(), scramble);
        region.map_or_else(|| axes.settle(&point), |region| region.stretch(axes, &point, rng))
    });
    let spread = spread.collect();
    let mut spread = scored(acquisition, axes, spread)?;
    let near = sources.incumbents.iter();
    let near = near.flat_map(|place| std::iter::repeat_n(place, sources.near as usize));
    let near = near.map(|place| {
        let point = neighbour(axes, place, rng);
        region.map_or_else(|| axes.settle(&point), |region| region.clamp(axes, &point, rng))
    });
    let near = near.collect();
    let mut near = scored(acquisition, axes, near)?;
    let starts: Vec<_> = spread[..CLIMBED.0.min(spread.len())]
        .iter()
        .chain(&near[..CLIMBED.1.min(near.len())])
        .cloned()
        .collect();
    let mut found = Vec::new();
    for (value, place) in starts {
        found.push(climb(acquisition, axes, region, (value, place))?);
    }
    found.append(&mut spread);
    found.append(&mut near);
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    Ok(found.into_iter().map(|(_, place)| place).collect())
}

type Scored = (f64, Place);

/// The allowed places with their values, highest first.
fn scored(
    acquisition: &Acquisition<'_>,
    axes: &Axes<'_>,
    mut places: Vec<Place>,
) -> Result<Vec<Scored>, GpError> {
    if axes.has_requirements() {
        places.retain(|place| axes.config(place).is_some());
    }
    let values = acquisition.values(&places)?;
    let mut scored: Vec<_> = values.into_iter().zip(places).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    Ok(scored)
}

/// A point that differs in at least one dimension.
fn neighbour(axes: &Axes<'_>, place: &Place, rng: &mut Rng) -> Vec<f64> {
    let dims = axes.dims();
    let width = WIDTHS[rng.random_range(0..WIDTHS.len())];
    let certain = rng.random_range(0..dims.max(1));
    let mut moved = |(axis, &place): (usize, &f64)| {
        let moves = axis == certain || rng.random::<f64>() < (MOVED / dims as f64).min(0.5);
        if !moves {
            return place;
        }
        let step = width * draw_normal(rng);
        match axes.kind(axis) {
            Kind::Smooth => reflect(place + step),
            Kind::Levels(levels) if axes.is_ordered(axis) => {
                // At least one level.
                let least = 1.0 / levels as f64;
                reflect(place + step.signum() * step.abs().max(least))
            }
            Kind::Levels(levels) => axes.level(axis, rng.random_range(0..levels)),
        }
    };
    place.point.iter().enumerate().map(&mut moved).collect()
}

/// Climbs from a place: gradients along the continuous dimensions, all levels along each of the
/// others, in turn.
fn climb(
    acquisition: &Acquisition<'_>,
    axes: &Axes<'_>,
    region: Option<&Region>,
    start: Scored,
) -> Result<Scored, GpError> {
    let mut best = start;
    for _ in 0..ROUNDS {
        let before = best.0;
        best = climb_smooth(acquisition, axes, region, best)?;
        best = climb_levels(acquisition, axes, region, best)?;
        if best.0 <= before + LIMITS.tolerance {
            break;
        }
    }
    Ok(best)
}

fn climb_smooth(
    acquisition: &Acquisition<'_>,
    axes: &Axes<'_>,
    region: Option<&Region>,
    (value, place): Scored,
) -> Result<Scored, GpError> {
    let smooth: Vec<usize> = (0..axes.dims())
        .filter(|axis| axes.kind(*axis) == Kind::Smooth && place.active[*axis])
        .collect();
    if smooth.is_empty() {
        return Ok((value, place));
    }
    let mut x: Vec<f64> = smooth.iter().map(|axis| place.point[*axis]).collect();
    let ends = |axis: &usize| region.map_or((0.0, 1.0), |region| region.ends(*axis));
    let (low, high): (Vec<f64>, Vec<f64>) = smooth.iter().map(ends).unzip();
    let mut moved = place.clone();
    let mut all = vec![0.0; axes.dims()];
    let mut failure = None;
    minimise(&mut x, &low, &high, LIMITS, |x, gradient| {
        smooth.iter().zip(x).for_each(|(axis, x)| moved.point[*axis] = *x);
        all.fill(0.0);
        let value = acquisition.sloped(&moved, &mut all).unwrap_or_else(|error| {
            failure = Some(error);
            f64::NEG_INFINITY
        });
        gradient.iter_mut().zip(&smooth).for_each(|(slope, axis)| *slope = -all[*axis]);
        -value
    });
    if let Some(error) = failure {
        return Err(error);
    }
    smooth.iter().zip(&x).for_each(|(axis, x)| moved.point[*axis] = *x);
    best_of(acquisition, axes, vec![axes.settle(&moved.point)], (value, place))
}

fn climb_levels(
    acquisition: &Acquisition<'_>,
    axes: &Axes<'_>,
    region: Option<&Region>,
    start: Scored,
) -> Result<Scored, GpError> {
    let mut best = start;
    for axis in 0..axes.dims() {
        let Kind::Levels(levels) = axes.kind(axis) else { continue };
        if !best.1.active[axis] {
            continue;
        }
        let other = |level| {
            let mut point = best.1.point.clone();
            point[axis] = axes.level(axis, level);
            axes.settle(&point)
        };
        let allowed = |place: &Place| region.is_none_or(|region| region.contains(axes, place));
        let others = (0..levels).map(other).filter(|other| *other != best.1 && allowed(other));
        let others = others.collect();
        best = best_of(acquisition, axes, others, best)?;
    }
    Ok(best)
}

/// The best of some places and the one so far.
fn best_of(
    acquisition: &Acquisition<'_>,
    axes: &Axes<'_>,
    places: Vec<Place>,
    so_far: Scored,
) -> Result<Scored, GpError> {
    let best = scored(acquisition, axes, places)?.into_iter().next();
    Ok(best.filter(|(value, _)| *value > so_far.0).unwrap_or(so_far))
}
