//! What a study found, rebuilt from its history.
//!
//! [`ranked`] puts trials in the order of a table, [`StudyReport`] is the whole study as one JSON
//! object, [`Improvement`] says how much better the best trial is than the default configuration.
//! Values are in the user's direction here.

mod improvement;
mod ranking;
mod study_report;

pub use improvement::Improvement;
pub use ranking::ranked;
pub use study_report::{ReportRow, StudyReport, TrialReport};
