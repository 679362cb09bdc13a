//! The embedded samples, and their correlations.

use crate::kernel::Correlation;
use crate::{Axis, Hyperparameters, Kernel, Samples};

/// The features of the samples, column-major, so that one point is compared with all of them in
/// straight loops.
#[derive(Clone, Debug)]
pub(crate) struct Inputs {
    kernel: Kernel,
    len: usize,
    /// `features x n`: the places of each axis, then the offsets.
    columns: Vec<Vec<f64>>,
    /// `n x features`, row-major: the same.
    rows: Vec<f64>,
    /// For each axis, whether a sample was ever off it.
    is_off: Vec<bool>,
}

/// The reciprocal lengthscale of each axis.
pub(crate) fn reciprocals(hyperparameters: &Hyperparameters) -> Vec<f64> {
    hyperparameters.lengthscales.iter().map(|scale| scale.recip()).collect()
}

impl Inputs {
    pub(crate) fn new(kernel: Kernel, samples: &Samples) -> Self {
        let mut inputs = Self {
            len: 0,
            columns: vec![Vec::new(); kernel.features()],
            rows: Vec::with_capacity(samples.len() * kernel.features()),
            is_off: vec![false; kernel.dims()],
            kernel,
        };
        for sample in 0..samples.len() {
            inputs.push(samples.point(sample), samples.active(sample));
        }
        inputs
    }

    pub(crate) fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn push(&mut self, point: &[f64], active: &[bool]) {
        let features = self.embed(point, active);
        for (column, feature) in self.columns.iter_mut().zip(&features) {
            column.push(*feature);
        }
        for (is_off, offset) in self.is_off.iter_mut().zip(&features[self.kernel.dims()..]) {
            *is_off |= *offset != 0.0;
        }
        self.rows.extend(features);
        self.len += 1;
    }

    /// Forgets all but the first samples.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.columns.iter_mut().for_each(|column| column.truncate(len));
        self.len = self.len.min(len);
        self.rows.truncate(self.len * self.kernel.features());
    }

    pub(crate) fn embed(&self, point: &[f64], active: &[bool]) -> Vec<f64> {
        let mut features = vec![0.0; self.kernel.features()];
        self.kernel.embed(point, active, &mut features);
        features
    }

    /// The features of one sample.
    pub(crate) fn features(&self, sample: usize) -> &[f64] {
        let features = self.kernel.features();
        &self.rows[sample * features..][..features]
    }

    /// The columns in which a point may differ from samples on a numeric axis: its place, and its
    /// offset only if one of them is off the axis.
    fn differing(&self, axis: usize, features: &[f64]) -> impl Iterator<Item = usize> {
        let offset = axis + self.kernel.dims();
        let is_off = self.is_off[axis] || features[offset] != 0.0;
        [Some(axis), is_off.then_some(offset)].into_iter().flatten()
    }

    /// Writes the correlation of a point with each of the first `out.len()` samples.
    pub(crate) fn correlate(
        &self,
        features: &[f64],
        reciprocals: &[f64],
        scratch: &mut Distances,
        out: &mut [Correlation],
    ) {
        let len = out.len();
        scratch.reset(len);
        let Distances { squared, hamming } = scratch;
        for (axis, kind) in self.kernel.axes().iter().enumerate() {
            let reciprocal = reciprocals[axis];
            match kind {
                Axis::Choice => {
                    let place = features[axis];
                    for (sum, other) in hamming.iter_mut().zip(&self.columns[axis]) {
                        *sum += if place == *other { 0.0 } else { reciprocal };
                    }
                }
                Axis::Numeric => {
                    for column in self.differing(axis, features) {
                        let place = features[column];
                        for (sum, other) in squared.iter_mut().zip(&self.columns[column]) {
                            let scaled = (place - other) * reciprocal;
                            *sum += scaled * scaled;
                        }
                    }
                }
            }
        }
        for ((out, &squared), &hamming) in out.iter_mut().zip(squared.iter()).zip(hamming.iter()) {
            *out = self.kernel.correlation(squared, hamming);
        }
    }

    /// `sum_b weights_b (x_i - x_bi)^2 / l_i^2` for a numeric axis `i`, and for a choice
    /// `sum_b weights_b [x_i != x_bi] / l_i`, over the first `weights.len()` samples.
    pub(crate) fn weighted(
        &self,
        axis: usize,
        features: &[f64],
        reciprocal: f64,
        weights: &[f64],
    ) -> f64 {
        let place = features[axis];
        match self.kernel.axes()[axis] {
            Axis::Choice => {
                let differs = |other: f64| if place == other { 0.0 } else { reciprocal };
                let others = &self.columns[axis];
                weights.iter().zip(others).map(|(weight, other)| weight * differs(*other)).sum()
            }
            Axis::Numeric => {
                let squares = |column: usize| {
                    lanes(weights, &self.columns[column], |weight, other| {
                        let distance = features[column] - other;
                        weight * distance * distance
                    })
                };
                let sum: f64 = self.differing(axis, features).map(squares).sum();
                sum * reciprocal * reciprocal
            }
        }
    }

    /// `sum_b weights_b (x_i - x_bi) / l_i^2` over a numeric axis.
    pub(crate) fn pull(&self, axis: usize, features: &[f64], scale: f64, weights: &[f64]) -> f64 {
        let place = features[axis];
        let sum = lanes(weights, &self.columns[axis], |weight, other| weight * (place - other));
        sum * scale * scale
    }
}

/// Squared scaled distances and scaled Hamming distances to each sample.
#[derive(Debug, Default)]
pub(crate) struct Distances {
    squared: Vec<f64>,
    hamming: Vec<f64>,
}

impl Distances {
    fn reset(&mut self, len: usize) {
        for distances in [&mut self.squared, &mut self.hamming] {
            distances.clear();
            distances.resize(len, 0.0);
        }
    }
}

/// The sum of `f(a_i, b_i)` over the shorter of the two, in eight lanes: a fixed order that the
/// compiler may vectorise.
pub(crate) fn lanes(a: &[f64], b: &[f64], f: impl Fn(f64, f64) -> f64) -> f64 {
    const LANES: usize = 8;
    let len = a.len().min(b.len());
    let (a, b) = (&a[..len], &b[..len]);
    let mut sums = [0.0; LANES];
    let (chunks, others) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest = chunks.remainder().iter().zip(others.remainder());
    let rest: f64 = rest.map(|(a, b)| f(*a, *b)).sum();
    for (a, b) in chunks.zip(others) {
        for lane in 0..LANES {
            sums[lane] += f(a[lane], b[lane]);
        }
    }
    sums.iter().sum::<f64>() + rest
}
