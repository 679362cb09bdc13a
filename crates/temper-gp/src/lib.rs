//! Gaussian-process regression on the unit cube, with choices and inactive parameters.
//!
//! | symbol | what it is | shape or unit |
//! |---|---|---|
//! | `n` | samples | |
//! | `d` | dimensions, one for each parameter ([`Axis`]) | |
//! | `X` | points, in `[0, 1]` | `n x d`, row-major |
//! | `y` | outputs, lower is better, of mean 0 and variance 1 ([`warp`]) | `n` |
//! | `l` | lengthscales, in units of the unit interval | `d` |
//! | `v` | known variances of the noise of each output ([`Samples::push_noisy`]), 0 where none is | `n` |
//! | `K` | covariance of the outputs: `signal * k(X, X) + noise * I + diag(v)` ([`Kernel`]) | `n x n` |
//! | `L` | Cholesky factor, `L L^T = K` | `n x n`, lower |
//! | `m` | constant mean, `1^T K^-1 y / 1^T K^-1 1` | |
//! | `alpha` | weights, `K^-1 (y - m)` | `n` |
//!
//! ```
//! use temper_gp::{Axis, FitConfig, Gp, Kernel, Prior, Samples, Smoothness, fit};
//!
//! let kernel = Kernel::new(vec![Axis::Numeric], Smoothness::Matern52);
//! let mut samples = Samples::new(1);
//! for x in [0.0, 0.2, 0.4, 0.6, 0.8, 1.0] {
//!     samples.push(&[x], &[true], (6.0_f64 * x).sin())?;
//! }
//! let config = FitConfig { prior: Prior::scaled(1), starts: vec![], iterations: 50 };
//! let fitted = fit(&kernel, &samples, &config)?;
//! let gp = Gp::new(&kernel, &fitted.hyperparameters, &samples)?;
//! let between = gp.predict(&[0.5], &[true])?;
//! assert!((between.mean - 3.0_f64.sin()).abs() < 0.1);
//! # Ok::<(), temper_gp::GpError>(())
//! ```

// The process.
mod gp;
mod hyperparameters;
mod kernel;
mod leave_one_out;
mod samples;
// Fitting it.
mod fit;
mod marginal;
// Under both.
mod error;
mod inputs;
mod triangle;
// Over both: the traits of linfa.
#[cfg(feature = "linfa")]
pub mod linfa;
// What stands by itself.
pub mod lbfgs;
pub mod normal;
pub mod warp;

pub use error::GpError;
pub use fit::{Fit, FitConfig, fit, starts};
pub use gp::{Gp, Prediction, Sloped};
pub use hyperparameters::{Hyperparameters, LogNormal, Prior};
pub use kernel::{Axis, Kernel, Smoothness};
pub use leave_one_out::LeaveOneOut;
pub use marginal::{ln_marginal, ln_prior};
pub use samples::Samples;
