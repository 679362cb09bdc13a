//! The kernels of one axis: one per observation, and the prior's.

use std::f64::consts::FRAC_1_SQRT_2;
use std::ops::Range;
use std::rc::Rc;

use rand::RngExt;
use temper_core::Rng;

use super::axis::{Axis, index};
use super::normal::{draw_inside, inside, ln_mass};

/// The narrowest kernel has this width, or one part in (K + 1) if there are fewer components:
/// the magic clipping of Bergstra's hyperopt, Watanabe 2023, appendix C.
const NARROWEST: f64 = 0.01;

/// An interval: where it begins and ends.
type Bucket = (f64, f64);

/// The kernels of one axis for K components, the prior's last.
#[derive(Clone, Debug)]
pub(super) enum Kernels {
    /// Normal densities cut to the unit interval.
    Smooth {
        /// Their means: K.
        means: Vec<f64>,
        /// One over their widths and the root of 2: K.
        sharpness: Vec<f64>,
    },
    /// The masses that cut normal distributions give to buckets.
    Buckets {
        /// Where the buckets are.
        axis: Axis,
        /// The distinct kernels.
        shapes: Vec<Shape>,
        /// Which shape a component has: K.
        rows: Vec<usize>,
    },
    /// A value is likelier for having been observed, all others are alike.
    Choice {
        /// The number of values.
        count: usize,
        /// The weight of each other value, that of the observed one being 1 more.
        other: f64,
        /// Which value was observed; the prior's is `count`: K.
        rows: Vec<usize>,
    },
}

/// A kernel of buckets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shape {
    mean: f64,
    width: f64,
    /// The mass in the unit interval before the cut.
    inside: f64,
}

impl Kernels {
    /// The kernels of the observations, whose places come in ascending order with their numbers.
    /// Multiplies `factors`, K, with those of the kernels that are the same everywhere.
    pub(super) fn fit(
        axis: &Axis,
        sorted: &[(f64, usize)],
        prior: f64,
        factors: &mut [f64],
    ) -> Self {
        let (last, components) = (sorted.len(), sorted.len() + 1);
        if let Axis::Choice(count) = *axis {
            // Optuna's variant of the kernel of Aitchison and Aitken 1976.
            let mut rows = vec![count; components];
            for &(place, component) in sorted {
                rows[component] = index(place, count);
            }
            return Self::Choice { count, other: prior / components as f64, rows };
        }
        let shapes = widths(sorted).chain([(last, 0.5, 1.0)]);
        if *axis == Axis::Smooth {
            let (mut means, mut sharpness) = (vec![0.0; components], vec![0.0; components]);
            for (component, mean, width) in shapes {
                means[component] = mean;
                sharpness[component] = FRAC_1_SQRT_2 / width;
                factors[component] /= width * inside(mean, width);
            }
            return Self::Smooth { means, sharpness };
        }
        // Equal observations are neighbours: most of them have equal widths too.
        let (mut distinct, mut rows) = (Vec::<Shape>::new(), vec![0; components]);
        for (component, mean, width) in shapes {
            if distinct.last().is_none_or(|last| (last.mean, last.width) != (mean, width)) {
                distinct.push(Shape { mean, width, inside: inside(mean, width) });
            }
            rows[component] = distinct.len() - 1;
        }
        Self::Buckets { axis: axis.clone(), shapes: distinct, rows }
    }

    /// A draw from the kernel of the component.
    pub(super) fn draw(&self, component: usize, rng: &mut Rng) -> f64 {
        match self {
            Self::Smooth { means, sharpness } => {
                draw_inside(means[component], FRAC_1_SQRT_2 / sharpness[component], rng)
            }
            Self::Buckets { shapes, rows, .. } => {
                let Shape { mean, width, .. } = shapes[rows[component]];
                draw_inside(mean, width, rng)
            }
            Self::Choice { count, other, rows } => {
                let (row, total) = (rows[component], *count as f64);
                let observed = row < *count && rng.random::<f64>() < 1.0 / (1.0 + other * total);
                let value = if observed { row } else { rng.random_range(0..*count) };
                (value as f64 + 0.5) / total
            }
        }
    }

    /// For each place, the logarithms of the masses of the distinct kernels; none if the kernels
    /// are densities.
    ///
    /// `places`: B.
    pub(super) fn ln_masses(&self, places: &[f64]) -> Vec<Rc<[f64]>> {
        // Many places share a bucket, and a mass takes long.
        let mut buckets: Vec<(Bucket, Rc<[f64]>)> = Vec::new();
        let mut masses = |&place: &f64| {
            let bucket = self.bucket(place);
            if let Some((_, known)) = buckets.iter().find(|(other, _)| *other == bucket) {
                return known.clone();
            }
            let masses: Rc<[f64]> = self.ln_masses_of(bucket).into();
            buckets.push((bucket, masses.clone()));
            masses
        };
        places.iter().map(&mut masses).collect()
    }

    fn bucket(&self, place: f64) -> Bucket {
        match self {
            Self::Smooth { .. } => (0.0, 1.0),
            Self::Buckets { axis, .. } => axis.bucket(place),
            Self::Choice { count, .. } => Axis::Choice(*count).bucket(place),
        }
    }

    fn ln_masses_of(&self, (low, high): Bucket) -> Vec<f64> {
        match self {
            Self::Smooth { .. } => Vec::new(),
            Self::Buckets { shapes, .. } => {
                let mass = |&Shape { mean, width, inside }: &Shape| {
                    ln_mass((low - mean) / width, (high - mean) / width) - inside.ln()
                };
                shapes.iter().map(mass).collect()
            }
            Self::Choice { count, other, .. } => {
                let total = (1.0 + other * *count as f64).ln();
                let mut masses = vec![other.ln() - total; *count];
                masses[index(0.5 * (low + high), *count)] = other.ln_1p() - total;
                masses.push(-(*count as f64).ln());
                masses
            }
        }
    }

    /// Adds the logarithms of the kernels of some components at a place, without the factors that
    /// [`Kernels::fit`] has added.
    ///
    /// `ln_masses`: those of the place; `exponents`: one for each of the components.
    pub(super) fn add(
        &self,
        place: f64,
        ln_masses: &[f64],
        components: Range<usize>,
        exponents: &mut [f64],
    ) {
        match self {
            Self::Smooth { means, sharpness } => {
                let kernels = means[components.clone()].iter().zip(&sharpness[components]);
                for (exponent, (mean, sharpness)) in exponents.iter_mut().zip(kernels) {
                    let distance = (place - mean) * sharpness;
                    *exponent -= distance * distance;
                }
            }
            Self::Buckets { rows, .. } | Self::Choice { rows, .. } => {
                for (exponent, &row) in exponents.iter_mut().zip(&rows[components]) {
                    *exponent += ln_masses[row];
                }
            }
        }
    }
}

/// The number, place and width of the kernel of each observation: the distance to the farther of
/// its two neighbours, but not to the ends of the interval, clipped. Bergstra et al. 2011, section
/// 4.2, and Optuna 5's `_ParzenEstimator`, which has given up Scott's rule for it.
fn widths(sorted: &[(f64, usize)]) -> impl Iterator<Item = (usize, f64, f64)> {
    let count = sorted.len();
    let narrowest = NARROWEST.max(1.0 / (count + 2) as f64);
    (0..count).map(move |rank| {
        let (place, number) = sorted[rank];
        let below = rank.checked_sub(1).map(|rank| place - sorted[rank].0);
        let above = sorted.get(rank + 1).map(|(above, _)| above - place);
        let width = match (below, above) {
            (None, None) => place.max(1.0 - place),
            _ => below.unwrap_or(0.0).max(above.unwrap_or(0.0)),
        };
        (number, place, width.clamp(narrowest, 1.0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_width_is_the_distance_to_the_farther_neighbour_within_bounds() {
        let widths = |places: &[f64]| {
            let sorted: Vec<_> = places.iter().copied().zip(0..).collect();
            widths(&sorted).map(|(.., width)| width).collect::<Vec<_>>()
        };
        assert_eq!(widths(&[0.25]), [0.75]);
        assert_eq!(widths(&[0.0, 0.5, 0.75]), [0.5, 0.5, 0.25]);
        assert_eq!(widths(&[0.5, 0.5]), [0.25, 0.25]);
        assert_eq!(widths(&[0.5; 1000]), [0.01; 1000]);
    }
}
