//! Samples that are added, taken away and replaced, without another factorisation.

use crate::marginal::Factored;
use crate::samples::not_negative;
use crate::{Gp, GpError, Hyperparameters};

impl Gp {
    /// Adds a sample. O(n^2). False, and unchanged, if the covariance would become singular: then
    /// the sample says nothing new.
    ///
    /// # Errors
    ///
    /// If the point has another number of dimensions, or a number is NaN or infinite.
    pub fn extend(&mut self, point: &[f64], active: &[bool], output: f64) -> Result<bool, GpError> {
        self.extend_noisy(point, active, output, 0.0)
    }

    /// Adds a sample of whose noise this variance is known, as [`Samples::push_noisy`] does. O(n^2).
    ///
    /// # Errors
    ///
    /// As [`Gp::extend`], and if the variance is below 0, NaN or infinite.
    pub fn extend_noisy(
        &mut self,
        point: &[f64],
        active: &[bool],
        output: f64,
        variance: f64,
    ) -> Result<bool, GpError> {
        self.check(point, active)?;
        finite(self.len(), output)?;
        not_negative(self.len(), variance)?;
        let features = self.inputs.embed(point, active);
        let covariances = self.covariances(&features);
        let Hyperparameters { signal, noise, .. } = self.hyperparameters;
        if !self.factored.triangle.extend(covariances, signal + noise + variance) {
            return Ok(false);
        }
        self.inputs.push(point, active);
        self.outputs.push(output);
        self.recondition();
        Ok(true)
    }

    /// Keeps the first samples. O(n^2).
    pub fn truncate(&mut self, samples: usize) {
        let samples = samples.clamp(1, self.len());
        self.inputs.truncate(samples);
        self.outputs.truncate(samples);
        self.factored.triangle.truncate(samples);
        self.recondition();
    }

    /// Replaces the outputs, as when their scaling changes. O(n^2).
    ///
    /// # Errors
    ///
    /// If they are more or fewer than the samples, or one is NaN or infinite.
    pub fn set_outputs(&mut self, outputs: &[f64]) -> Result<(), GpError> {
        if outputs.len() != self.len() {
            return Err(GpError::Outputs { outputs: outputs.len(), points: self.len() });
        }
        outputs.iter().enumerate().try_for_each(|(sample, y)| finite(sample, *y))?;
        self.outputs.copy_from_slice(outputs);
        self.recondition();
        Ok(())
    }

    fn recondition(&mut self) {
        let triangle = std::mem::take(&mut self.factored.triangle);
        self.factored = Factored::new(triangle, &self.outputs);
    }
}

/// Refuses the output of a sample that is NaN or infinite.
fn finite(sample: usize, output: f64) -> Result<(), GpError> {
    if output.is_finite() { Ok(()) } else { Err(GpError::NotFinite { sample, number: output }) }
}
