//! The process given samples.

mod update;

use faer::Mat;

use crate::inputs::{Distances, Inputs, reciprocals};
use crate::kernel::Correlation;
use crate::marginal::{Factored, covariance};
use crate::triangle::Triangle;
use crate::{Axis, GpError, Hyperparameters, Kernel, Samples};

/// A Gaussian process conditioned on samples.
#[derive(Clone, Debug)]
pub struct Gp {
    inputs: Inputs,
    hyperparameters: Hyperparameters,
    reciprocals: Vec<f64>,
    pub(crate) outputs: Vec<f64>,
    pub(crate) factored: Factored,
}

/// What the process says of a point: the function there, without the noise of observing it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// The posterior mean.
    pub mean: f64,
    /// The posterior variance, not negative.
    pub variance: f64,
}

/// A prediction and its gradient by the coordinates: of choices and inactive parameters zero.
#[derive(Clone, Debug, PartialEq)]
pub struct Sloped {
    /// The prediction.
    pub prediction: Prediction,
    /// The gradient of the mean: `dims`.
    pub mean: Vec<f64>,
    /// The gradient of the variance: `dims`.
    pub variance: Vec<f64>,
}

/// The least variance that a prediction has, relative to the signal's: what rounding leaves.
const ROUNDING: f64 = 1e-12;
/// So many points are worth a copy of the factor, to predict them all at once.
const MANY: usize = 16;
/// How often the noise is raised tenfold to make a covariance matrix positive definite.
const RAISES: u32 = 6;

impl Gp {
    /// Conditions on the samples. O(n^3).
    ///
    /// Hyperparameters with which the covariance is numerically singular get ten times the noise
    /// until it is not; [`Gp::hyperparameters`] tells.
    ///
    /// # Errors
    ///
    /// If there are no samples, the dimensions differ, a hyperparameter is not positive and finite,
    /// or the covariance stays singular.
    pub fn new(
        kernel: &Kernel,
        hyperparameters: &Hyperparameters,
        samples: &Samples,
    ) -> Result<Self, GpError> {
        samples.check(kernel)?;
        hyperparameters.check(kernel)?;
        let inputs = Inputs::new(kernel.clone(), samples);
        let mut hyperparameters = hyperparameters.clone();
        for _ in 0..=RAISES {
            let matrix = covariance(&inputs, samples.variances(), &hyperparameters, None);
            if let Some((triangle, _)) = Triangle::factorise(&matrix) {
                return Ok(Self {
                    factored: Factored::new(triangle, samples.outputs()),
                    reciprocals: reciprocals(&hyperparameters),
                    outputs: samples.outputs().to_vec(),
                    inputs,
                    hyperparameters,
                });
            }
            hyperparameters.noise *= 10.0;
        }
        Err(GpError::NotPositive { samples: samples.len(), noise: hyperparameters.noise / 10.0 })
    }

    /// The number of samples.
    pub fn len(&self) -> usize {
        self.outputs.len()
    }

    /// Never: there is at least one sample.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The outputs it is conditioned on: `n`.
    pub fn outputs(&self) -> &[f64] {
        &self.outputs
    }

    /// The kernel.
    pub fn kernel(&self) -> &Kernel {
        self.inputs.kernel()
    }

    /// The hyperparameters, with the noise that was needed.
    pub fn hyperparameters(&self) -> &Hyperparameters {
        &self.hyperparameters
    }

    /// The mean of the process far from all samples: the generalised least-squares estimate.
    pub fn mean(&self) -> f64 {
        self.factored.mean
    }

    /// `log p(outputs | points)`.
    pub fn ln_likelihood(&self) -> f64 {
        self.factored.ln_likelihood
    }

    /// Predicts at one point. O(n^2).
    ///
    /// # Errors
    ///
    /// If the point has another number of dimensions, or a number is NaN or infinite.
    pub fn predict(&self, point: &[f64], active: &[bool]) -> Result<Prediction, GpError> {
        self.check(point, active)?;
        let mut covariances = self.covariances(&self.inputs.embed(point, active));
        let mean = self.mean() + dot(&covariances, &self.factored.weights);
        self.factored.triangle.solve_lower(&mut covariances);
        let variance = self.variance(dot(&covariances, &covariances));
        Ok(Prediction { mean, variance })
    }

    /// The posterior mean at one point, without the variance. O(n).
    ///
    /// # Errors
    ///
    /// As [`Gp::predict`].
    pub fn predict_mean(&self, point: &[f64], active: &[bool]) -> Result<f64, GpError> {
        self.check(point, active)?;
        let covariances = self.covariances(&self.inputs.embed(point, active));
        Ok(self.mean() + dot(&covariances, &self.factored.weights))
    }

    /// Predicts at several points at once, faster than one by one.
    ///
    /// # Errors
    ///
    /// If a point has another number of dimensions, or a coordinate is NaN or infinite.
    pub fn predict_many(
        &self,
        points: &[(Vec<f64>, Vec<bool>)],
    ) -> Result<Vec<Prediction>, GpError> {
        if points.len() < MANY {
            return points.iter().map(|(point, active)| self.predict(point, active)).collect();
        }
        let mut means = Vec::with_capacity(points.len());
        let mut covariances = Mat::zeros(self.len(), points.len());
        for (column, (point, active)) in points.iter().enumerate() {
            self.check(point, active)?;
            let here = self.covariances(&self.inputs.embed(point, active));
            means.push(self.mean() + dot(&here, &self.factored.weights));
            covariances.col_as_slice_mut(column).copy_from_slice(&here);
        }
        self.factored.triangle.solve_lower_many(&mut covariances);
        let predictions = means.into_iter().enumerate().map(|(column, mean)| {
            let solved = covariances.col_as_slice(column);
            Prediction { mean, variance: self.variance(dot(solved, solved)) }
        });
        Ok(predictions.collect())
    }

    /// Predicts with gradients by the coordinates. O(n^2).
    ///
    /// # Errors
    ///
    /// If the point has another number of dimensions, or a number is NaN or infinite.
    pub fn predict_sloped(&self, point: &[f64], active: &[bool]) -> Result<Sloped, GpError> {
        self.check(point, active)?;
        let features = self.inputs.embed(point, active);
        let correlations = self.correlations(&features);
        let signal = self.hyperparameters.signal;
        let mut solved: Vec<f64> = correlations.iter().map(|c| signal * c.value).collect();
        let mean = self.mean() + dot(&solved, &self.factored.weights);
        self.factored.triangle.solve_lower(&mut solved);
        let variance = self.variance(dot(&solved, &solved));
        self.factored.triangle.solve_upper(&mut solved);
        // dk_b/dx_i = -signal fall_b (x_i - x_bi) / l_i^2
        let falls = correlations.iter().map(|c| -signal * c.fall);
        let by_mean: Vec<f64> =
            falls.clone().zip(&self.factored.weights).map(|(fall, w)| fall * w).collect();
        let by_variance: Vec<f64> = falls.zip(&solved).map(|(fall, v)| -2.0 * fall * v).collect();
        let slope = |weights: &[f64]| {
            let axes = self.kernel().axes().iter().enumerate();
            axes.map(|(axis, kind)| match kind {
                Axis::Numeric if active[axis] => {
                    self.inputs.pull(axis, &features, self.reciprocals[axis], weights)
                }
                _ => 0.0,
            })
            .collect()
        };
        Ok(Sloped {
            prediction: Prediction { mean, variance },
            mean: slope(&by_mean),
            variance: slope(&by_variance),
        })
    }

    fn variance(&self, explained: f64) -> f64 {
        let signal = self.hyperparameters.signal;
        (signal - explained).max(ROUNDING * signal)
    }

    fn correlations(&self, features: &[f64]) -> Vec<Correlation> {
        let mut correlations = vec![Correlation { value: 0.0, fall: 0.0 }; self.len()];
        let mut scratch = Distances::default();
        self.inputs.correlate(features, &self.reciprocals, &mut scratch, &mut correlations);
        correlations
    }

    fn covariances(&self, features: &[f64]) -> Vec<f64> {
        let signal = self.hyperparameters.signal;
        self.correlations(features).iter().map(|c| signal * c.value).collect()
    }

    fn check(&self, point: &[f64], active: &[bool]) -> Result<(), GpError> {
        let (expected, found) = (self.kernel().dims(), point.len().min(active.len()));
        if point.len() != expected || active.len() != expected {
            return Err(GpError::Dims { expected, found });
        }
        let broken = point.iter().find(|number| !number.is_finite());
        broken.map_or(Ok(()), |&number| Err(GpError::Query { number }))
    }
}

pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    crate::inputs::lanes(a, b, |a, b| a * b)
}
