//! Runs, resumes and replays a study.
//!
//! [`Study::run`] starts workers; each takes a job, runs the objective and records how it ended
//! ([`Study`] has the loop on one screen). The objective is a closure, or a program in a child
//! process of its own ([`CommandObjective`]). Everything that happens is an event in the study's
//! storage before anybody acts on it, so that a study can be killed at any moment and resumed, and
//! run by several processes at once.
//!
//! ```
//! use temper_core::{Config, Failure, FnObjective, Goal, Reporter, StrategySetup};
//! use temper_space::{RequireSpec, Space, SpaceSpec};
//! use temper_storage::MemoryStorage;
//! use temper_study::{Settings, Study};
//!
//! let space: SpaceSpec = serde_json::from_str(r#"{"x": {"type": "float", "low": -5, "high": 5}}"#)?;
//! let setup = temper_core::Setup {
//!     name: "parabola".into(),
//!     space,
//!     require: RequireSpec::default(),
//!     goals: vec![Goal { metric: "loss".into(), direction: Default::default() }],
//!     constraints: Vec::new(),
//!     seed: 7,
//!     strategy: StrategySetup { name: "random".into(), options: "{}".into() },
//!     pruner: None,
//!     early_stopping: None,
//!     max_steps: None,
//!     stages: Vec::new(),
//!     repeat: None,
//!     confirm: None,
//!     budget: Default::default(),
//!     trials: Some(30),
//! };
//! let study = Study::open(
//!     setup,
//!     temper_strategy::build("random", &Default::default())?,
//!     None,
//!     Box::new(MemoryStorage::new()),
//!     Settings::default(),
//! )?;
//! study.run(
//!     &FnObjective(|config: &Config, _: &mut dyn Reporter| {
//!         let x = config.get("x").and_then(|x| x.as_f64()).expect("x is in the space");
//!         Ok::<_, Failure>((x - 2.0).powi(2))
//!     }),
//!     1,
//! )?;
//! assert_eq!(study.history().trials().len(), 30);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod budget;
mod checkpoints;
mod command;
mod errand;
mod error;
mod full_disk;
mod give_up;
mod ledger;
pub mod lenient;
mod meter;
mod observer;
mod patience;
mod replay;
mod reporter;
mod same_search;
mod settings;
mod spending;
mod study;
mod warm_start;
mod watch;
mod worker;

pub use budget::{Budget, Cost, Price, Purse, Spent, TOKENS};
pub use checkpoints::needed_checkpoints;
pub use command::{
    CheckpointName, CommandObjective, CommandSettings, DiskUsage, NotACheckpointName, Pausing,
    Prepare, Slot, Template, TemplateError, TrialFolders, file_usage, unwritten,
};
pub use error::StudyError;
pub use give_up::give_up_paused;
pub use observer::Observer;
pub use replay::{BuildProposers, Mismatch, Proposers, ReplayError, Replayed, next_of, replay};
pub use settings::{Retries, Settings};
pub use study::Study;
pub use warm_start::{WarmStart, WarmStartError};
