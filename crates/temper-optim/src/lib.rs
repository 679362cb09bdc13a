//! Learning-rate schedules and optimizers for language models.
//!
//! - [`Schedule`]: the learning rate as a pure function of the optimizer step; [`ScheduleKind`] lists
//!   the kinds.
//! - [`AdamW`]: decoupled weight decay, with a group of parameters that is not decayed.
//! - [`clip_grad_norm`]: one norm over all gradients.

mod adamw;
mod clip;
mod schedule;

pub use adamw::AdamW;
pub use clip::clip_grad_norm;
pub use schedule::{CooldownType, Entry, Schedule, ScheduleKind, Setting, UnknownSchedule};
