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
    /// A coordinate or an output of a sample is NaN or infinite.
    #[error("sample {sample} holds {number}")]
    NotFinite {
        /// Its index.
        sample: usize,
        /// The number.
        number: f64,
    },
    /// The known variance of a sample's noise is below 0, NaN or infinite.
    #[error("sample {sample}: the variance {variance} of its noise is not finite and at least 0")]
    Variance {
        /// Its index.
        sample: usize,
        /// The variance.
        variance: f64,
    },
    /// A coordinate of a point that is predicted at or added is NaN or infinite.
    #[error("the point holds {number}")]
    Query {
        /// The number.
        number: f64,
    },
    /// A hyperparameter, or the bound of one, is not positive and finite.
    #[error("{name} {value} is not positive and finite")]
    Hyperparameter {
        /// Which one: `lengthscale`, `signal`, `noise` or `noise floor`.
        name: &'static str,
        /// Its value.
        value: f64,
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
