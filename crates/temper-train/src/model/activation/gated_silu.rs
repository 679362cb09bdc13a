//! A gate weighted by its sigmoid.

use burn::tensor::activation::silu;

use super::Entry;

/// `SwiGLU` (Shazeer 2020, eq. 6).
pub(super) const ENTRY: Entry = Entry { is_gate: true, apply: silu };
