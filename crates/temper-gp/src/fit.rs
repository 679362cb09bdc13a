//! The hyperparameters that the data make most likely.

use crate::hyperparameters::positive;
use crate::inputs::Inputs;
use crate::lbfgs::{Limits, minimise};
use crate::marginal::ln_likelihood;
use crate::{GpError, Hyperparameters, Kernel, Prior, Samples};

/// How to fit.
#[derive(Clone, Debug, PartialEq)]
pub struct FitConfig {
    /// What is believed of the hyperparameters before.
    pub prior: Prior,
    /// Where the ascent starts, each from its own place; the best end is taken. Empty: the
    /// [`starts`] of the prior.
    pub starts: Vec<Hyperparameters>,
    /// The most iterations of each ascent.
    pub iterations: u32,
}

/// What a fit came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// The most probable hyperparameters found.
    pub hyperparameters: Hyperparameters,
    /// Their log posterior density, without the constants of the prior.
    pub ln_posterior: f64,
    /// How many factorisations that took.
    pub factorisations: u32,
}

/// The lengthscales searched, in units of the unit interval. Shorter ones tell no two samples
/// apart, with longer ones a dimension is as good as absent.
const LENGTHSCALES: (f64, f64) = (5e-3, 1e3);
/// The variances searched; outputs are standardised.
const SIGNALS: (f64, f64) = (1e-2, 1e3);
/// The largest variance of the noise.
const NOISE: f64 = 10.0;
/// Below this much change of the log posterior an ascent ends.
const TOLERANCE: f64 = 1e-4;

/// Places to start from: lengthscales as long as distances in the cube typically are (their
/// gradients don't vanish then: Papenmeier, Poloczek and Nardi 2025), shorter ones, and noise.
pub fn starts(kernel: &Kernel, prior: &Prior) -> Vec<Hyperparameters> {
    let root = (kernel.dims().max(1) as f64).sqrt();
    let start = |scale: f64, noise: f64| Hyperparameters {
        lengthscales: vec![scale * root; kernel.dims()],
        signal: 1.0,
        noise: noise.max(prior.noise_floor),
    };
    vec![start(0.5, 1e-3), start(0.15, 1e-3), start(1.5, 1e-1)]
}

/// Fits hyperparameters by maximum a posteriori: L-BFGS on their logarithms, with one
/// factorisation per evaluation.
///
/// # Errors
///
/// If there are no samples, the dimensions differ, the noise floor or a start is not positive and
/// finite, or no start has a finite density.
pub fn fit(kernel: &Kernel, samples: &Samples, config: &FitConfig) -> Result<Fit, GpError> {
    samples.check(kernel)?;
    positive("noise floor", config.prior.noise_floor)?;
    let inputs = Inputs::new(kernel.clone(), samples);
    let (low, high) = bounds(kernel, &config.prior);
    let limits = Limits { iterations: config.iterations, tolerance: TOLERANCE };
    let defaults = config.starts.is_empty().then(|| starts(kernel, &config.prior));
    let mut best: Option<(f64, Vec<f64>)> = None;
    let mut factorisations = 0;
    for start in defaults.as_ref().unwrap_or(&config.starts) {
        start.check(kernel)?;
        let mut ln = start.ln();
        ln.iter_mut().zip(low.iter().zip(&high)).for_each(|(x, (l, h))| *x = x.clamp(*l, *h));
        let value = minimise(&mut ln, &low, &high, limits, |ln, gradient| {
            factorisations += 1;
            gradient.fill(0.0);
            let prior = config.prior.ln_density(kernel, ln, gradient);
            let hyperparameters = Hyperparameters::from_ln(ln);
            let likelihood = ln_likelihood(&inputs, samples, &hyperparameters, gradient);
            gradient.iter_mut().for_each(|slope| *slope = -*slope);
            likelihood.map_or(f64::INFINITY, |likelihood| -(likelihood + prior))
        });
        if value.is_finite() && best.as_ref().is_none_or(|(least, _)| value < *least) {
            best = Some((value, ln));
        }
    }
    let (value, ln) = best
        .ok_or(GpError::NotPositive { samples: samples.len(), noise: config.prior.noise_floor })?;
    let hyperparameters = Hyperparameters::from_ln(&ln);
    Ok(Fit { hyperparameters, ln_posterior: -value, factorisations })
}

/// The box of the logarithms: `dims + 2` each.
fn bounds(kernel: &Kernel, prior: &Prior) -> (Vec<f64>, Vec<f64>) {
    let noise = (prior.noise_floor, NOISE.max(prior.noise_floor));
    let ranges = (0..kernel.dims()).map(|_| LENGTHSCALES).chain([SIGNALS, noise]);
    ranges.map(|(low, high)| (low.ln(), high.ln())).unzip()
}
