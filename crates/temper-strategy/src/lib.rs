//! The strategies that propose trials and the pruners that end them early: one file each, and one
//! line each in the registry.
//!
//! To add one, write its file with an `ENTRY` and add that to [`ALL`] or [`PRUNERS`]: the command line, its help
//! and the conformance suites (`tests/conformance.rs`, `tests/pruners.rs`) know it then.
//!
//! ```
//! let mut random = temper_strategy::build("random", &Default::default())?;
//! # let space: temper_space::SpaceSpec = serde_json::from_str(r#"{"x": {"type": "int", "low": 1, "high": 9}}"#).unwrap();
//! # let space = temper_space::Space::new(&space, &Default::default()).unwrap();
//! let next = random.ask(&space, &temper_core::History::new(), &mut temper_core::stream(7, 0));
//! assert!(matches!(next, Ok(temper_core::Next::Start { .. })));
//! # Ok::<(), temper_strategy::RegistryError>(())
//! ```

mod auto;
mod bayes;
mod breeding;
mod cmaes;
mod converged;
mod cube;
mod evidence;
mod genetic;
mod grid;
mod local;
mod normal;
mod nsga2;
mod pareto;
mod pbt;
mod proposal;
mod prune;
mod random;
mod registry;
mod sobol;
mod stages;
mod start;
mod thrift;
mod tpe;

pub use auto::Auto;
pub use bayes::{Bayes, BayesOptions};
pub use breeding::BreedingOptions;
pub use cmaes::{CmaEs, CmaEsOptions};
pub use genetic::Genetic;
pub use grid::{Grid, GridOptions, Resolution};
pub use local::{Local, LocalOptions};
pub use nsga2::Nsga2;
pub use pbt::{Pbt, PbtOptions};
pub use prune::{
    Asha, AshaOptions, FreezeThaw, FreezeThawOptions, Hyperband, Median, MedianOptions, Mode,
    Patient, PatientOptions, Percentile, PercentileOptions, Race, RaceOptions, Threshold,
    ThresholdOptions, Wilcoxon, WilcoxonOptions,
};
pub use random::Random;
pub use registry::{
    ALL, COST_AWARE, DEFAULT, Entry, Options, PRUNERS, RegistryError, Sort, build, build_pruner,
};
pub use sobol::Sobol;
pub use stages::{NarrowError, Stages, build_for, narrow};
pub use tpe::{Tpe, TpeOptions};
