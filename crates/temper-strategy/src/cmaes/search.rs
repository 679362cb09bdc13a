//! One run of restarted searches, folded from the trials in the order in which they ended.

use std::cmp::Ordering;

use temper_core::Rng;
use temper_space::{Domain, Space};

use crate::breeding::{compare, losses};
use crate::cube::{bucket, level_index, level_place, reflect};
use crate::evidence::Lesson;
use crate::normal::quantile_between;
use crate::sobol::sobol_point;

use super::categories::Categories;
use super::gaussian::Gaussian;
use super::margin::keep_margin;
use super::rates::Rates;

/// By how much a restart's generations are larger: Auger and Hansen 2005, section 3.
const GROWTH: usize = 2;

/// The most samples of a generation; doubled further, a restart would never see its second one.
const MOST: usize = 1 << 12;

/// The spread in the cube at which a continuous parameter is found. Hansen 2016, appendix B.3,
/// `TolX`, has 1e-12 of the first step size; what is tuned is known to far fewer digits.
const FOUND: f64 = 1e-6;

/// The spread, in levels, at which a discrete parameter is found but for its margin.
const FOUND_LEVELS: f64 = 0.1;

/// The part of the loss by which the best of the last generations must differ to go on: `TolFun` of
/// the same appendix, made relative, below which no loss of a training run means anything.
const SAME: f64 = 1e-9;

/// How a search begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Start {
    /// Where: `dims`.
    pub(super) point: Vec<f64>,
    /// With which step size, in units of the cube.
    pub(super) sigma: f64,
    /// With how many samples in a generation.
    pub(super) samples: usize,
    /// Which Sobol points restarts begin at, and what inside their levels samples were.
    pub(super) scramble: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Search {
    start: Start,
    /// The dimensions that are searched by the normal distribution.
    numeric: Vec<usize>,
    /// The other ones and their numbers of values.
    choices: Vec<(usize, usize)>,
    gaussian: Gaussian,
    categories: Categories,
    rates: Rates,
    /// Of the best of each generation since the last restart, by how much it breaks constraints
    /// and its loss; infinite where all failed.
    bests: Vec<[f64; 2]>,
    restarts: u32,
    /// How many trials are folded.
    folded: usize,
}

impl Search {
    pub(super) fn new(space: &Space, start: Start) -> Self {
        let (mut numeric, mut choices) = (Vec::new(), Vec::new());
        for (axis, param) in space.axes().enumerate() {
            match param.domain() {
                Domain::Choice(values) => choices.push((axis, values.len())),
                _ => numeric.push(axis),
            }
        }
        let mut search = Self {
            gaussian: Gaussian::new(Vec::new(), start.sigma),
            categories: Categories::new(&[]),
            rates: Rates::new(numeric.len(), start.samples),
            bests: Vec::new(),
            restarts: 0,
            folded: 0,
            start,
            numeric,
            choices,
        };
        search.begin(space, &search.start.point.clone());
        search
    }

    pub(super) fn start(&self) -> &Start {
        &self.start
    }

    /// Learns from every generation that is complete.
    pub(super) fn fold(&mut self, space: &Space, lessons: &[Lesson]) {
        while lessons.len() - self.folded >= self.rates.lambda {
            self.learn(space, lessons);
            self.folded += self.rates.lambda;
            if self.is_found(space) {
                self.restart(space);
            }
        }
    }

    /// A point of the cube, `dims`.
    pub(super) fn sample(&self, space: &Space, rng: &mut Rng) -> Vec<f64> {
        let domains: Vec<&Domain> = space.axes().map(temper_space::Param::domain).collect();
        let mut point = vec![0.5; domains.len()];
        for (&axis, coordinate) in self.numeric.iter().zip(self.gaussian.sample(rng)) {
            // The levels at the ends of the range own all that is beyond.
            let is_discrete = domains[axis].levels().is_some();
            point[axis] =
                if is_discrete { coordinate.clamp(0.0, 1.0) } else { reflect(coordinate) };
        }
        for (&(axis, levels), value) in self.choices.iter().zip(self.categories.sample(rng)) {
            point[axis] = level_place(value as u64, levels as u64);
        }
        point
    }

    fn learn(&mut self, space: &Space, lessons: &[Lesson]) {
        let mut order: Vec<usize> = (self.folded..self.folded + self.rates.lambda).collect();
        // Of equals the first stays first.
        order.sort_by(|&one, &other| compare(&lessons[one].end, &lessons[other].end));

        let best = &lessons[order[0]].end;
        let loss = losses(best).first().copied().unwrap_or(f64::INFINITY);
        self.bests.push([best.violation(), loss]);

        let values = |lesson: &Lesson| {
            let value = |&(axis, levels): &(usize, usize)| {
                let index = level_index(lesson.point[axis], levels as u64);
                lesson.active[axis].then_some(index as usize)
            };
            self.choices.iter().map(value).collect()
        };
        let better = &order[..self.rates.mu];
        let better: Vec<Vec<_>> = better.iter().map(|&index| values(&lessons[index])).collect();
        self.categories.learn(&better, &self.rates.weights);

        let step = |&index: &usize| self.step(space, &lessons[index], index);
        let steps: Vec<Vec<f64>> = order.iter().map(step).collect();
        self.gaussian.learn(&steps, &self.rates);
        let middle = order[(0.7 * self.rates.lambda as f64) as usize];
        if compare(&lessons[order[0]].end, &lessons[middle].end) == Ordering::Equal {
            self.gaussian.widen(&self.rates);
        }

        let alpha = 1.0 / (self.numeric.len().max(1) * self.rates.lambda) as f64;
        for (index, level) in self.levels(space).into_iter().enumerate() {
            if let Some(level) = level {
                keep_margin(&mut self.gaussian, index, level, alpha);
            }
        }
    }

    /// The step by which the distribution came to a trial. Of a discrete parameter its value is
    /// known, but not where in its level the sample was, and of an inactive one nothing: there it
    /// is drawn from what the distribution says, by Sobol points, which depend on nothing else than
    /// the trial's place in the order.
    fn step(&self, space: &Space, lesson: &Lesson, index: usize) -> Vec<f64> {
        let domains: Vec<&Domain> = space.axes().map(temper_space::Param::domain).collect();
        let shares = sobol_point(index as u32, self.numeric.len(), self.start.scramble);
        let step = |(which, &axis): (usize, &usize)| {
            let place = lesson.point[axis];
            let (lower, upper) = match bucket(domains[axis], place) {
                _ if !lesson.active[axis] => (f64::NEG_INFINITY, f64::INFINITY),
                None => return self.gaussian.step(which, place),
                Some((lower, upper)) => (
                    if lower <= 0.0 { f64::NEG_INFINITY } else { lower },
                    if upper >= 1.0 { f64::INFINITY } else { upper },
                ),
            };
            let deviation = self.gaussian.deviation(which);
            let standard = |edge: f64| self.gaussian.step(which, edge) / deviation;
            let share = shares[which].clamp(1e-6, 1.0 - 1e-6);
            deviation * quantile_between(standard(lower), standard(upper), share)
        };
        self.gaussian.shortened(self.numeric.iter().enumerate().map(step).collect())
    }

    /// For each numeric parameter, the level that the mean is in, if it has levels.
    fn levels(&self, space: &Space) -> Vec<Option<(f64, f64)>> {
        let domains: Vec<&Domain> = space.axes().map(temper_space::Param::domain).collect();
        let level = |(&axis, mean): (&usize, &f64)| bucket(domains[axis], mean.clamp(0.0, 1.0));
        self.numeric.iter().zip(&self.gaussian.mean).map(level).collect()
    }

    /// Whether this search has come to its end: Hansen 2016, appendix B.3.
    fn is_found(&self, space: &Space) -> bool {
        if self.gaussian.is_degenerate() || self.is_flat() {
            return true;
        }
        let levels = self.levels(space);
        let mut axes = levels.iter().enumerate();
        self.categories.is_decided()
            && axes.all(|(axis, level)| match level {
                None => self.gaussian.spread(axis) < FOUND,
                Some((lower, upper)) => {
                    let unscaled = self.gaussian.spread(axis) / self.gaussian.scales[axis];
                    unscaled < FOUND_LEVELS * (upper - lower)
                }
            })
    }

    /// Whether the last generations were all alike: 10 + 30 n / lambda of them.
    fn is_flat(&self) -> bool {
        let many = 10 + (30 * self.start.point.len()).div_ceil(self.rates.lambda);
        let Some(last) = self.bests.len().checked_sub(many).map(|start| &self.bests[start..])
        else {
            return false;
        };
        (0..2).all(|which| {
            let numbers = || last.iter().map(|best| best[which]);
            let (low, high) = (
                numbers().fold(f64::INFINITY, f64::min),
                numbers().fold(f64::NEG_INFINITY, f64::max),
            );
            let is_close = high.is_finite() && high - low <= SAME * low.abs().max(high.abs());
            low == high || is_close
        })
    }

    /// Begins elsewhere with larger generations. Source: Auger and Hansen, "A Restart CMA Evolution
    /// Strategy With Increasing Population Size", CEC 2005.
    fn restart(&mut self, space: &Space) {
        self.restarts += 1;
        let lambda = (self.rates.lambda * GROWTH).min(self.rates.lambda.max(MOST));
        self.rates = Rates::new(self.numeric.len(), lambda);
        let point = sobol_point(self.restarts, space.dims(), self.start.scramble);
        self.begin(space, &point);
    }

    fn begin(&mut self, space: &Space, point: &[f64]) {
        debug_assert_eq!(point.len(), space.dims());
        let mean = self.numeric.iter().map(|&axis| point[axis]).collect();
        self.gaussian = Gaussian::new(mean, self.start.sigma);
        self.bests.clear();
        let levels: Vec<usize> = self.choices.iter().map(|(_, levels)| *levels).collect();
        self.categories = Categories::new(&levels);
    }
}
