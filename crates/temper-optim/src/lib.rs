//! Learning-rate schedules and optimizers for language models.
//!
//! - [`Schedule`]: the learning rate as a pure function of the optimizer step; [`ScheduleKind`] lists
//!   the kinds.
//! - [`OptimizerKind`]: the optimizers by name, one file each; [`Algorithm`] is what such a file
//!   implements, [`Optimizer`] what it makes for a module.
//! - [`OptimizerSettings`] and [`Groups`]: what may be said of an optimizer, and which parameters
//!   are treated apart.
//! - [`WidthRule`] and [`RateFactors`]: how learning rates follow the width of a model.
//! - [`clip_grad_norm`]: one norm over all gradients.

mod adafactor;
mod adamw;
mod algorithm;
mod clip;
mod groups;
mod kind;
mod lion;
mod muon;
mod optimizer;
mod schedule;
mod schedule_free;
mod settings;
mod sgd;
mod width;

pub use adafactor::Adafactor;
pub use adamw::AdamW;
pub use algorithm::Algorithm;
pub use clip::clip_grad_norm;
pub use groups::Groups;
pub use kind::OptimizerKind;
pub use lion::Lion;
pub use muon::Muon;
pub use optimizer::Optimizer;
pub use schedule::{CooldownType, Entry, Schedule, ScheduleKind, Setting, UnknownSchedule};
pub use schedule_free::ScheduleFreeAdamW;
pub use settings::OptimizerSettings;
pub use sgd::Sgd;
pub use width::{RateFactors, WidthRule};
