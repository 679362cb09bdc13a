//! The vocabulary and the traits of a hyperparameter study.
//!
//! A *study* searches a [`temper_space::Space`] for the configuration whose *loss* is lowest. A
//! [`Strategy`] proposes configurations, an [`Objective`] tries one and reports its loss step by
//! step, a [`Pruner`] says whether to go on, and a [`Storage`] keeps what happened as a log of
//! [`Event`]s. The log is the truth: [`History`] is what it adds up to, and everything else (the
//! best trial, a strategy's state) is rebuilt from it.
//!
//! Inside, every loss is finite and is minimised; [`Direction`] turns the user's values at the
//! edge. This crate touches no clock, file, thread or network.
//!
//! ```
//! use temper_core::{Config, Event, History, Lease, Loss, Origin, Outcome, TrialId, WorkerId};
//!
//! let mut history = History::new();
//! history.apply(&Event::Started {
//!     trial: TrialId(0),
//!     config: Config::from_iter([("learning_rate".to_owned(), 1e-3.into())]),
//!     origin: Origin::Strategy,
//!     seen: 0,
//!     worker: WorkerId::new("laptop"),
//!     until: None,
//!     fork: None,
//!     note: None,
//!     stage: None,
//! })?;
//! history.apply(&Event::Finished {
//!     trial: TrialId(0),
//!     lease: Lease(0),
//!     outcome: Outcome::completed(vec![Loss::new(2.31)?]),
//!     seconds: 12.5,
//!     peak_memory: None,
//! })?;
//! assert_eq!(history.best().expect("one trial completed").id(), TrialId(0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod budget;
mod confirm;
mod constraint;
mod early_stopping;
mod event;
mod failure;
mod fork;
mod goal;
mod history;
mod loss;
mod objective;
mod pruner;
mod repeat;
mod rng;
mod stage;
mod storage;
mod strategy;
mod student;
mod trial;

pub use budget::{BudgetSetup, CostSetup, Measure};
pub use confirm::{Candidate, Confirm, Confirmation, Out, Run};
pub use constraint::{Bound, Constraint, ConstraintError};
pub use early_stopping::EarlyStopping;
pub use event::{Event, Origin, Outcome, Setup, StrategySetup};
pub use failure::{Failure, FailureKind};
pub use fork::Fork;
pub use goal::{Direction, Goal};
pub use history::{Fidelity, History, Refused};
pub use loss::{Loss, NotFinite};
pub use objective::{
    FnObjective, Halt, ITEM, Job, Metrics, NOISE, Objective, ObjectiveError, Reporter,
};
pub use pruner::{Intake, Judgement, Promotion, Pruner, Verdict, judge};
pub use rng::{Rng, stream, trial_seed};
pub use stage::{Around, StageSetup};
pub use storage::{Pulse, Storage, StorageError};
pub use strategy::{Next, Strategy, StrategyError, draw, first_pause, propose};
pub use student::Sample;
pub use temper_space::{Config, Value};
pub use trial::{Attempt, Lease, Remark, Report, State, Step, Trial, TrialId, WorkerId};

/// A position in the log: the number of events before it.
pub type Seq = u64;
