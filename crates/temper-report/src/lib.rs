//! What a study found, rebuilt from its history.
//!
//! [`ranked`] puts trials in the order of a table, [`pareto_front`] finds those among which several
//! goals leave the choice open, [`StudyReport`] is the whole study as one JSON
//! object, [`lineage`] what led to a fork, [`Improvement`] says how much better the best trial is
//! than the default configuration, and [`ConfirmationReport`] whether it really is.
//! Values are in the user's direction here.

mod confirmed;
mod improvement;
mod lineage;
mod pareto;
mod ranking;
mod study_report;

pub use confirmed::{ConfirmationReport, Confirmed, best_trial, confirmation};
pub use improvement::Improvement;
pub use lineage::{Segment, lineage, value_at};
pub use pareto::pareto_front;
pub use ranking::ranked;
pub use study_report::{Decision, ForkRow, ReportRow, StudyReport, TrialReport};
