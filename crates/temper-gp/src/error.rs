//! What can't be fitted.

/// Why there is no process.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GpError {
    /// There is nothing to fit to.
    #[error("there are no samples")]
    Empty,
    /// A point, a mask or a list of hyperparameters has a wrong length.
    #[error("{found} dimensions where there are {expected}")]
    Dims {
        /// How many the kernel has.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// The outputs are more or fewer than the points.
    #[error("{outputs} outputs for {points} points")]
    Outputs {
        /// The number of outputs.
        outputs: usize,
        /// The number of points.
        points: usize,
    },
    /// A coordinate or an output is NaN or infinite.
    #[error("sample {sample} holds {number}")]
    NotFinite {
        /// Its index.
        sample: usize,
        /// The number.
        number: f64,
    },
    /// The covariance matrix can't be factorised, even with more noise.
    #[error("the covariance of {samples} samples is not positive definite with noise {noise:e}")]
    NotPositive {
        /// The number of samples.
        samples: usize,
        /// The largest variance of the noise that was tried.
        noise: f64,
    },
}
