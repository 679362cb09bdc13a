//! The parts of the model that cost most, each as one operation whose gradient is written by hand.
//!
//! On the CPU a chain of tensor operations goes through memory once for each of them, and its
//! automatic gradient as often again. Here a chain is one pass over rows that stay in the cache,
//! and keeps for the gradient only what can't be had again cheaply. The rows are shared out to
//! threads in blocks whose size does not depend on their number, so that results don't either.
//!
//! On other devices, and in other precisions than 32 bits, the same functions are chains of tensor
//! operations, which is also what the tests compare them with.
//!
//! - `operation` is what such an operation has to say of itself, and how burn comes to know it;
//! - `matrix` multiplies matrices, `lanes` has the loops over rows;
//! - the other files are an operation each.

mod attention;
mod gelu;
mod lanes;
mod layer_norm;
mod linear;
mod matrix;
mod operation;
mod output_loss;
mod rms_norm;
mod swiglu;

pub(crate) use attention::{Scope, attention};
pub(crate) use gelu::gelu;
pub(crate) use layer_norm::layer_norm;
pub(crate) use linear::linear;
pub(crate) use operation::is_supported;
pub(crate) use output_loss::{OutputWeights, output_loss};
pub(crate) use rms_norm::rms_norm;
pub(crate) use swiglu::swiglu;

#[cfg(test)]
mod tests;
