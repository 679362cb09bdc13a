//! A gate weighted by its sigmoid.

use super::Entry;
use crate::fused::swiglu;

/// `SwiGLU` (Shazeer 2020, eq. 6).
pub(super) const ENTRY: Entry = Entry::Gate(swiglu);
