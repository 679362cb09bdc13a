//! What a process is fitted to.

use crate::{GpError, Kernel};

/// Points of the unit cube, the outputs observed there, and what is known of their noise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    dims: usize,
    /// `n x dims`, row-major.
    points: Vec<f64>,
    /// `n x dims`, row-major.
    active: Vec<bool>,
    /// `n`.
    outputs: Vec<f64>,
    /// `n`.
    variances: Vec<f64>,
}

impl Samples {
    /// No samples yet, of so many dimensions.
    pub fn new(dims: usize) -> Self {
        Self { dims, ..Self::default() }
    }

    /// Adds one: a point (`dims` coordinates), which of its coordinates exist, and the output.
    ///
    /// # Errors
    ///
    /// If a length is not `dims`, or a number is NaN or infinite.
    pub fn push(&mut self, point: &[f64], active: &[bool], output: f64) -> Result<(), GpError> {
        self.push_noisy(point, active, output, 0.0)
    }

    /// Adds one of whose noise this variance is known: it comes on top of the variance that all
    /// samples share, [`Hyperparameters::noise`](crate::Hyperparameters).
    ///
    /// # Errors
    ///
    /// As [`Samples::push`], and if the variance is below 0, NaN or infinite.
    pub fn push_noisy(
        &mut self,
        point: &[f64],
        active: &[bool],
        output: f64,
        variance: f64,
    ) -> Result<(), GpError> {
        if point.len() != self.dims || active.len() != self.dims {
            return Err(GpError::Dims {
                expected: self.dims,
                found: point.len().min(active.len()),
            });
        }
        if let Some(&number) = point.iter().chain([&output]).find(|number| !number.is_finite()) {
            return Err(GpError::NotFinite { sample: self.len(), number });
        }
        not_negative(self.len(), variance)?;
        self.points.extend_from_slice(point);
        self.active.extend_from_slice(active);
        self.outputs.push(output);
        self.variances.push(variance);
        Ok(())
    }

    /// Refuses to have none, or those of another number of dimensions.
    pub(crate) fn check(&self, kernel: &Kernel) -> Result<(), GpError> {
        let (expected, found) = (kernel.dims(), self.dims);
        if self.is_empty() {
            Err(GpError::Empty)
        } else if found == expected {
            Ok(())
        } else {
            Err(GpError::Dims { expected, found })
        }
    }

    /// The number of samples.
    pub fn len(&self) -> usize {
        self.outputs.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.outputs.is_empty()
    }

    /// The number of dimensions.
    pub fn dims(&self) -> usize {
        self.dims
    }

    /// The point of one sample: `dims`.
    pub fn point(&self, sample: usize) -> &[f64] {
        &self.points[sample * self.dims..][..self.dims]
    }

    /// Which coordinates of one sample exist: `dims`.
    pub fn active(&self, sample: usize) -> &[bool] {
        &self.active[sample * self.dims..][..self.dims]
    }

    /// The outputs: `n`.
    pub fn outputs(&self) -> &[f64] {
        &self.outputs
    }

    /// The known variances of their noise: `n`.
    pub fn variances(&self) -> &[f64] {
        &self.variances
    }
}

/// Refuses a known variance that is below 0, NaN or infinite.
pub(crate) fn not_negative(sample: usize, variance: f64) -> Result<(), GpError> {
    if variance >= 0.0 && variance.is_finite() {
        Ok(())
    } else {
        Err(GpError::Variance { sample, variance })
    }
}
