//! The surrogate of one output: its hyperparameters as the trials come in, and the process.

use temper_gp::{FitConfig, Gp, GpError, Hyperparameters, Kernel, Prior, Samples, fit};

use super::axes::Place;
use super::outputs::Outputs;

/// A surrogate that is refitted as samples are added. Whatever the asks in between, the same
/// samples in the same order give the same process, bit for bit.
#[derive(Clone, Debug)]
pub(super) struct Model {
    kernel: Kernel,
    prior: Prior,
    /// The hyperparameters at each [`checkpoint`] passed, with the number of samples there.
    chain: Vec<(usize, Hyperparameters)>,
    process: Option<Process>,
    /// Whether outputs change with each ask: then nothing is kept of the asks before.
    moving: bool,
}

/// A process and the samples in it.
#[derive(Clone, Debug)]
struct Process {
    gp: Gp,
    /// The number of samples when it was factorised; those after it were added one by one.
    base: usize,
    /// The samples that it holds, in its order.
    held: Vec<usize>,
    /// The samples that it was shown.
    shown: usize,
}

/// Up to here each fit starts afresh, from several places.
const FRESH: usize = 24;
/// Up to here hyperparameters are refined with every sample, starting at the last checkpoint's.
const REFINED: usize = 200;
/// A fit looks at no more samples than this.
const FITTED: usize = 256;
/// A process holds no more samples than this at a checkpoint.
const HELD: usize = 800;
/// The iterations of a fit from the prior's starts, from the last checkpoint, and of a refinement.
const ITERATIONS: (u32, u32, u32) = (60, 30, 8);

/// The largest of 24, 30, 37, ... (each a quarter above the one before; past [`FITTED`], a half)
/// that is not above `samples`; `None` below the first.
fn checkpoint(samples: usize) -> Option<usize> {
    let mut place = FRESH;
    let mut last = None;
    while place <= samples {
        last = Some(place);
        place += if place < FITTED { place / 4 } else { place / 2 };
    }
    last
}

/// The checkpoint before one.
fn before(place: usize) -> Option<usize> {
    checkpoint(place - 1)
}

impl Model {
    pub(super) fn new(kernel: Kernel, prior: Prior) -> Self {
        Self { kernel, prior, chain: Vec::new(), process: None, moving: false }
    }

    /// The same for outputs that change from ask to ask.
    pub(super) fn moving(self, moving: bool) -> Self {
        Self { moving, ..self }
    }

    /// The process given the samples at `places`, with `outputs(k)` for the first `k` of them.
    pub(super) fn process(
        &mut self,
        places: &[Place],
        outputs: impl Fn(usize) -> Outputs,
    ) -> Result<&Gp, GpError> {
        let hyperparameters = self.hyperparameters(places, &outputs)?;
        let all = outputs(places.len());
        // The variances of the noise are in a unit that changes with each sample.
        let base = if all.are_noisy() { places.len() } else { rebase(places.len()) };
        let kept = self.process.take().filter(|process| {
            !self.moving
                && process.base == base
                && base < process.shown
                && process.shown <= places.len()
        });
        let mut process = match kept {
            Some(process) => process,
            None => {
                let held = held(&outputs(base).values, HELD);
                let samples = samples(places, &all, &held)?;
                let gp = Gp::new(&self.kernel, &hyperparameters, &samples)?;
                Process { gp, base, held, shown: base }
            }
        };
        for (index, place) in places.iter().enumerate().skip(process.shown) {
            if process.gp.extend(&place.point, &place.active, all.values[index])? {
                process.held.push(index);
            }
        }
        process.shown = places.len();
        let current: Vec<f64> = process.held.iter().map(|index| all.values[*index]).collect();
        process.gp.set_outputs(&current)?;
        Ok(&self.process.insert(process).gp)
    }

    fn hyperparameters(
        &mut self,
        places: &[Place],
        outputs: &impl Fn(usize) -> Outputs,
    ) -> Result<Hyperparameters, GpError> {
        let Some(last) = checkpoint(places.len()).filter(|_| !self.moving) else {
            return self.fit(places, &outputs(places.len()), None, ITERATIONS.0);
        };
        self.reach(last, places, outputs)?;
        let (_, start) = self.chain.last().expect("a checkpoint was reached").clone();
        if places.len() == last || places.len() > REFINED {
            return Ok(start);
        }
        self.fit(places, &outputs(places.len()), Some(start), ITERATIONS.2)
    }

    /// Fits at each checkpoint up to one, each starting from the one before.
    fn reach(
        &mut self,
        place: usize,
        places: &[Place],
        outputs: &impl Fn(usize) -> Outputs,
    ) -> Result<(), GpError> {
        if self.chain.iter().any(|(at, _)| *at == place) {
            return Ok(());
        }
        let start = match before(place) {
            Some(before) => {
                self.reach(before, places, outputs)?;
                self.chain.iter().find(|(at, _)| *at == before).map(|(_, fitted)| fitted.clone())
            }
            None => None,
        };
        let iterations = if start.is_some() { ITERATIONS.1 } else { ITERATIONS.0 };
        let fitted = self.fit(&places[..place], &outputs(place), start, iterations)?;
        self.chain.push((place, fitted));
        Ok(())
    }

    fn fit(
        &self,
        places: &[Place],
        outputs: &Outputs,
        start: Option<Hyperparameters>,
        iterations: u32,
    ) -> Result<Hyperparameters, GpError> {
        let samples = samples(places, outputs, &held(&outputs.values, FITTED))?;
        let starts = start.into_iter().collect();
        let config = FitConfig { prior: self.prior.clone(), starts, iterations };
        Ok(fit(&self.kernel, &samples, &config)?.hyperparameters)
    }
}

/// The number of samples at which the factor is begun anew: each time, while that is cheap; then
/// at each [`checkpoint`], and every 128 samples.
fn rebase(samples: usize) -> usize {
    const ROWS: usize = 128;
    match checkpoint(samples) {
        Some(base) if samples > REFINED => samples - (samples - base) % ROWS,
        _ => samples,
    }
}

/// Which samples to hold: all, or the best half of `most` and as many of the others, evenly spread
/// over the log. Ascending.
fn held(outputs: &[f64], most: usize) -> Vec<usize> {
    let len = outputs.len();
    if len <= most {
        return (0..len).collect();
    }
    let mut order: Vec<usize> = (0..len).collect();
    order.sort_by(|a, b| outputs[*a].total_cmp(&outputs[*b]));
    let (best, rest) = order.split_at(most / 2);
    let mut rest = rest.to_vec();
    rest.sort_unstable();
    let spread = (0..most - most / 2).map(|k| rest[k * rest.len() / (most - most / 2)]);
    let mut held: Vec<usize> = best.iter().copied().chain(spread).collect();
    held.sort_unstable();
    held
}

fn samples(places: &[Place], outputs: &Outputs, indices: &[usize]) -> Result<Samples, GpError> {
    let mut samples = Samples::new(places.first().map_or(0, |place| place.point.len()));
    for &index in indices {
        let Place { point, active } = &places[index];
        samples.push_noisy(point, active, outputs.values[index], outputs.variances[index])?;
    }
    Ok(samples)
}
