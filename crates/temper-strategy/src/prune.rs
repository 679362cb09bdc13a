//! The pruners, one file each.

pub(crate) mod median;

pub use median::{Median, MedianOptions};
