//! The log marginal likelihood and its gradient.

use std::f64::consts::PI;

use faer::Mat;
use faer::linalg::solvers::DenseSolveCore;

use crate::inputs::{Distances, Inputs, lanes, reciprocals};
use crate::kernel::Correlation;
use crate::triangle::Triangle;
use crate::{Axis, GpError, Hyperparameters, Kernel, Prior, Samples};

/// The covariance of samples under hyperparameters, factorised, and the weights of the outputs.
#[derive(Clone, Debug)]
pub(crate) struct Factored {
    pub(crate) triangle: Triangle,
    /// `K^-1 (y - mean)`: `n`.
    pub(crate) weights: Vec<f64>,
    /// The generalised least-squares estimate of the constant mean.
    pub(crate) mean: f64,
    /// `log p(y | X)`.
    pub(crate) ln_likelihood: f64,
}

/// `1^T K^-1 1` at least this, or the mean of the process is taken as zero.
const FLAT: f64 = 1e-300;

impl Factored {
    /// The weights of the outputs under a factor of the covariance matrix. O(n^2).
    pub(crate) fn new(triangle: Triangle, outputs: &[f64]) -> Self {
        let mut ones = vec![1.0; outputs.len()];
        triangle.solve_lower(&mut ones);
        let mut weights = outputs.to_vec();
        triangle.solve_lower(&mut weights);
        let precision = lanes(&ones, &ones, |a, b| a * b);
        // Rasmussen and Williams 2006, eq. 2.41 with the prior of the mean infinitely wide.
        let mean =
            if precision > FLAT { lanes(&ones, &weights, |a, b| a * b) / precision } else { 0.0 };
        weights.iter_mut().zip(&ones).for_each(|(weight, one)| *weight -= mean * one);
        let square = lanes(&weights, &weights, |a, b| a * b);
        triangle.solve_upper(&mut weights);
        // Rasmussen and Williams 2006, eq. 2.30.
        let constant = outputs.len() as f64 * (2.0 * PI).ln();
        let ln_likelihood = -0.5 * (square + triangle.ln_determinant() + constant);
        Self { triangle, weights, mean, ln_likelihood }
    }
}

/// The upper part of the covariance matrix, whose columns lie in one piece, with the noise on its
/// diagonal, what is known of it (`variances`, `n`) included; `falls`, if given, takes those columns
/// of `signal * fall`.
pub(crate) fn covariance(
    inputs: &Inputs,
    variances: &[f64],
    hyperparameters: &Hyperparameters,
    mut falls: Option<&mut Vec<f64>>,
) -> Mat<f64> {
    let (len, signal) = (inputs.len(), hyperparameters.signal);
    let reciprocals = reciprocals(hyperparameters);
    let mut scratch = Distances::default();
    let mut correlations = vec![Correlation { value: 0.0, fall: 0.0 }; len];
    let mut matrix = Mat::zeros(len, len);
    for sample in 0..len {
        let correlations = &mut correlations[..=sample];
        inputs.correlate(inputs.features(sample), &reciprocals, &mut scratch, correlations);
        let column = matrix.col_as_slice_mut(sample);
        for (entry, correlation) in column.iter_mut().zip(correlations.iter()) {
            *entry = signal * correlation.value;
        }
        column[sample] += hyperparameters.noise + variances[sample];
        if let Some(falls) = &mut falls {
            falls.extend(correlations.iter().map(|correlation| signal * correlation.fall));
        }
    }
    matrix
}

/// `log p(y | X)` under hyperparameters; adds its gradient by their logarithms (`dims + 2`) to
/// `gradient`. `None` if the covariance is not positive definite. One factorisation.
///
/// Rasmussen and Williams 2006, eq. 5.9; the mean is at its optimum, where its own derivative
/// vanishes.
pub(crate) fn ln_likelihood(
    inputs: &Inputs,
    samples: &Samples,
    hyperparameters: &Hyperparameters,
    gradient: &mut [f64],
) -> Option<f64> {
    let len = inputs.len();
    let mut falls = Vec::with_capacity(len * (len + 1) / 2);
    let matrix = covariance(inputs, samples.variances(), hyperparameters, Some(&mut falls));
    let (triangle, factor) = Triangle::factorise(&matrix)?;
    let factored = Factored::new(triangle, samples.outputs());
    let inverse = factor.inverse();
    let (alpha, dims) = (&factored.weights, inputs.kernel().dims());
    let reciprocals = reciprocals(hyperparameters);
    let mut by_signal = 0.0;
    let mut by_noise = 0.0;
    // 2 dL/dK without the diagonal's half, one column at a time.
    let mut pulls = Vec::with_capacity(len);
    let mut weighted = Vec::with_capacity(len);
    let mut choices = Vec::with_capacity(len);
    for sample in 0..len {
        let features = inputs.features(sample);
        let falls = &falls[sample * (sample + 1) / 2..][..sample];
        let (values, inverse) = (matrix.col_as_slice(sample), inverse.col_as_slice(sample));
        pulls.clear();
        pulls.extend((0..sample).map(|b| alpha[sample] * alpha[b] - inverse[b]));
        weighted.clear();
        weighted.extend(pulls.iter().zip(falls).map(|(pull, fall)| pull * fall));
        choices.clear();
        choices.extend(pulls.iter().zip(values).map(|(pull, value)| pull * value));
        for (axis, kind) in inputs.kernel().axes().iter().enumerate() {
            let weights = match kind {
                Axis::Numeric => &weighted,
                // Here the correlation itself falls, not its slope.
                Axis::Choice => &choices,
            };
            gradient[axis] += inputs.weighted(axis, features, reciprocals[axis], weights);
        }
        let own = 0.5 * (alpha[sample] * alpha[sample] - inverse[sample]);
        by_signal += choices.iter().sum::<f64>();
        by_signal += own * hyperparameters.signal;
        by_noise += own * hyperparameters.noise;
    }
    gradient[dims] += by_signal;
    gradient[dims + 1] += by_noise;
    Some(factored.ln_likelihood)
}

/// `log p(y | X)` and its gradient by the logarithms of the hyperparameters (`dims + 2`: the
/// lengthscales, the signal, the noise), as [`crate::fit`] climbs it.
///
/// # Errors
///
/// If there are no samples, the dimensions differ, a hyperparameter is not positive and finite, or
/// the covariance is not positive definite.
pub fn ln_marginal(
    kernel: &Kernel,
    samples: &Samples,
    hyperparameters: &Hyperparameters,
) -> Result<(f64, Vec<f64>), GpError> {
    samples.check(kernel)?;
    hyperparameters.check(kernel)?;
    let inputs = Inputs::new(kernel.clone(), samples);
    let mut gradient = vec![0.0; kernel.dims() + 2];
    let value = ln_likelihood(&inputs, samples, hyperparameters, &mut gradient);
    let noise = hyperparameters.noise;
    value
        .map(|value| (value, gradient))
        .ok_or(GpError::NotPositive { samples: samples.len(), noise })
}

/// The log density of hyperparameters before any data, without its constants, and its gradient by
/// their logarithms (`dims + 2`).
///
/// # Errors
///
/// If the dimensions differ or a hyperparameter is not positive and finite.
pub fn ln_prior(
    kernel: &Kernel,
    prior: &Prior,
    hyperparameters: &Hyperparameters,
) -> Result<(f64, Vec<f64>), GpError> {
    hyperparameters.check(kernel)?;
    let mut gradient = vec![0.0; kernel.dims() + 2];
    let value = prior.ln_density(kernel, &hyperparameters.ln(), &mut gradient);
    Ok((value, gradient))
}
