//! What is learned from the data, and what is believed of it before.

use crate::{Axis, GpError, Kernel};

/// The hyperparameters of a process, all positive.
#[derive(Clone, Debug, PartialEq)]
pub struct Hyperparameters {
    /// One lengthscale per dimension, in units of the unit interval; of a choice, the reciprocal
    /// of what a different value takes from the log correlation.
    pub lengthscales: Vec<f64>,
    /// The variance of the function.
    pub signal: f64,
    /// The variance of the noise, beside what is known of it ([`crate::Samples::push_noisy`]).
    pub noise: f64,
}

impl Hyperparameters {
    /// Refuses those of another number of dimensions, and one that is not positive and finite.
    pub(crate) fn check(&self, kernel: &Kernel) -> Result<(), GpError> {
        let (expected, found) = (kernel.dims(), self.lengthscales.len());
        if found != expected {
            return Err(GpError::Dims { expected, found });
        }
        let scales = self.lengthscales.iter().map(|scale| ("lengthscale", *scale));
        let mut all = scales.chain([("signal", self.signal), ("noise", self.noise)]);
        all.try_for_each(|(name, value)| positive(name, value))
    }

    /// Their logarithms: `dims + 2`.
    pub(crate) fn ln(&self) -> Vec<f64> {
        let rest = [self.signal.ln(), self.noise.ln()];
        self.lengthscales.iter().map(|scale| scale.ln()).chain(rest).collect()
    }

    /// From their logarithms.
    pub(crate) fn from_ln(ln: &[f64]) -> Self {
        let (scales, rest) = ln.split_at(ln.len() - 2);
        Self {
            lengthscales: scales.iter().map(|scale| scale.exp()).collect(),
            signal: rest[0].exp(),
            noise: rest[1].exp(),
        }
    }
}

/// Refuses a number that is not positive and finite.
pub(crate) fn positive(name: &'static str, value: f64) -> Result<(), GpError> {
    if value > 0.0 && value.is_finite() {
        Ok(())
    } else {
        Err(GpError::Hyperparameter { name, value })
    }
}

/// A log-normal belief about a positive number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogNormal {
    /// The mean of the logarithm.
    pub mean: f64,
    /// The standard deviation of the logarithm.
    pub deviation: f64,
}

impl LogNormal {
    /// The most likely value.
    pub fn mode(&self) -> f64 {
        (self.mean - self.deviation * self.deviation).exp()
    }

    /// The log density at `exp(ln)` without its constant, and its derivative by `ln`.
    pub(crate) fn ln_density(&self, ln: f64) -> (f64, f64) {
        let z = (ln - self.mean) / self.deviation;
        (-ln - 0.5 * z * z, -1.0 - z / self.deviation)
    }
}

/// What is believed of the hyperparameters before any data.
#[derive(Clone, Debug, PartialEq)]
pub struct Prior {
    /// Of each numeric dimension's lengthscale.
    pub lengthscale: LogNormal,
    /// Of each choice's lengthscale.
    pub choice: LogNormal,
    /// Of the variance of the function; outputs are standardised.
    pub signal: LogNormal,
    /// Of the variance of the noise.
    pub noise: LogNormal,
    /// The least variance of the noise.
    pub noise_floor: f64,
}

impl Prior {
    /// The dimension-scaled prior: lengthscales grow with the root of the number of dimensions,
    /// as distances do. Hvarfner, Hellsten and Nardi 2024, "Vanilla Bayesian Optimization Performs
    /// Great in High Dimensions", eq. 5; the noise as in `BoTorch`.
    pub fn scaled(dims: usize) -> Self {
        let root = 0.5 * (dims.max(1) as f64).ln();
        Self {
            lengthscale: LogNormal {
                mean: std::f64::consts::SQRT_2 + root,
                deviation: 3.0_f64.sqrt(),
            },
            choice: LogNormal { mean: 1.0, deviation: 1.0 },
            signal: LogNormal { mean: 0.5, deviation: 1.0 },
            noise: LogNormal { mean: -4.0, deviation: 2.0 },
            noise_floor: 1e-6,
        }
    }

    /// The log density of the hyperparameters with these logarithms, without its constant; adds
    /// its gradient by the logarithms to `gradient`.
    pub(crate) fn ln_density(&self, kernel: &Kernel, ln: &[f64], gradient: &mut [f64]) -> f64 {
        let dims = kernel.dims();
        let scales = kernel.axes().iter().map(|axis| match axis {
            Axis::Numeric => &self.lengthscale,
            Axis::Choice => &self.choice,
        });
        let beliefs = scales.chain([&self.signal, &self.noise]);
        debug_assert_eq!(ln.len(), dims + 2);
        let mut total = 0.0;
        for ((belief, &ln), slot) in beliefs.zip(ln).zip(gradient) {
            let (density, slope) = belief.ln_density(ln);
            total += density;
            *slot += slope;
        }
        total
    }
}
