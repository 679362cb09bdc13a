//! CMA-ES: a normal distribution that learns where losses are low, which parameters depend on each
//! other and how long its steps should be.
//!
//! The choice for numbers that depend on each other and a few hundred trials or more, also with
//! many workers. Integers and ordinals keep a chance to change (CMA-ES with margin); choices are
//! drawn from categorical distributions that learn beside it (`CatCMA`); a search that has come to
//! its end begins anew elsewhere, with generations twice as large (IPOP).
//!
//! - A generation is as many trials as there are samples in it, in the order in which they *ended*:
//!   no worker waits, and a trial that was proposed from an older distribution counts in the
//!   generation in which it ended. Steps too long for the current one are shortened.
//! - A sample outside the cube is reflected. What is learned from is the trial's configuration, so
//!   that the state is a function of the log alone, with whatever was observed or changed by hand.
//! - Trials that ended badly rank last, pruned ones before failed ones; those that break constraints
//!   rank before them, by how much, and after those that keep all.
//! - The first mean is the best of the trials observed elsewhere (one that keeps the constraints, if
//!   any does), else the default configuration,
//!   else the middle.
//!
//! The code is ours because libraries are told whole generations, in the memory of one process,
//! and know neither margins nor conditions.
//!
//! Source: Hansen, "The CMA Evolution Strategy: A Tutorial", arXiv:1604.00772, 2016; the parts name
//! theirs.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use temper_core::{Event, History, Next, Origin, Rng, Strategy, StrategyError, TrialId};
use temper_space::Space;

mod categories;
mod eigen;
mod gaussian;
mod margin;
mod rates;
mod search;

use crate::evidence::Evidence;
use crate::registry::{Entry, Options, RegistryError, read_options};
use crate::sobol::{Sequence, scramble};
use crate::start::start_config;

use rates::Rates;
use search::{Search, Start};

const NAME: &str = "cmaes";

pub(crate) const ENTRY: Entry<dyn Strategy> = Entry {
    name: NAME,
    summary: "CMA-ES: a normal distribution that learns which parameters depend on each other",
    build: |options| Ok(Box::new(CmaEs::new(CmaEsOptions::read(options)?))),
};

/// The most trials in a generation that may be asked for.
const MOST: u32 = 1 << 16;

/// How many samples are drawn to find one that is allowed and new, before a Sobol point is taken.
const TRIES: u32 = 100;

/// The options of CMA-ES.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CmaEsOptions {
    /// The number of trials in a generation of the first search, from 4 to 65,536. By default
    /// 4 + 3 ln(number of parameters).
    pub population: Option<u32>,
    /// The first standard deviation, as a part of each parameter's range; above 0, at most 1.
    pub sigma: f64,
}

impl Default for CmaEsOptions {
    /// Sigma as Hansen 2016, figure 6 has it: 0.3 of the range.
    fn default() -> Self {
        Self { population: None, sigma: 0.3 }
    }
}

impl CmaEsOptions {
    /// Reads the options of a study file.
    ///
    /// # Errors
    ///
    /// If one is unknown or has a wrong value.
    pub fn read(options: &Options) -> Result<Self, RegistryError> {
        let read: Self = read_options(NAME, options)?;
        let wrong = |message| Err(RegistryError::BadOptions { owner: NAME, message });
        match read {
            Self { population: Some(population), .. } if !(4..=MOST).contains(&population) => {
                wrong(format!("`population` {population} is not between 4 and {MOST}"))
            }
            Self { sigma, .. } if !(sigma > 0.0 && sigma <= 1.0) => {
                wrong(format!("`sigma` {sigma} is not above 0 and at most 1"))
            }
            _ => Ok(read),
        }
    }
}

/// The CMA-ES strategy.
#[derive(Clone, Debug, Default)]
pub struct CmaEs {
    options: CmaEsOptions,
    /// All configurations, and of the trials only those that a strategy asked for: the others are
    /// no samples.
    evidence: Evidence,
    foreign: BTreeSet<TrialId>,
    spare: Sequence,
    /// What is folded so far.
    search: Option<Search>,
}

impl CmaEs {
    /// CMA-ES with these options.
    #[must_use]
    pub fn new(options: CmaEsOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// Whether a trial was drawn from the distribution, or runs such a one again.
    fn is_sample(&self, origin: Origin) -> bool {
        match origin {
            Origin::Strategy => true,
            Origin::Default | Origin::Observed => false,
            Origin::Repeat { .. } | Origin::Confirmation { .. } => {
                origin.of().is_some_and(|of| !self.foreign.contains(&of))
            }
        }
    }

    fn start(&self, space: &Space, history: &History) -> Start {
        let samples = self.options.population.map(|population| population as usize);
        Start {
            point: space.encode(&start_config(space, history)),
            sigma: self.options.sigma,
            samples: samples.unwrap_or_else(|| Rates::samples(space.dims())),
            scramble: scramble(history),
        }
    }
}

impl Strategy for CmaEs {
    fn ask(
        &mut self,
        space: &Space,
        history: &History,
        rng: &mut Rng,
    ) -> Result<Next, StrategyError> {
        self.evidence.update(space, history);
        let start = self.start(space, history);
        // It changes at most while the default configuration runs, or with the setup.
        let is_known = |search: &Search| *search.start() == start && !self.evidence.is_revised();
        let known = self.search.take().filter(is_known);
        let mut search = known.unwrap_or_else(|| Search::new(space, start));
        search.fold(space, self.evidence.lessons());
        let search = self.search.insert(search);
        for _ in 0..TRIES {
            match space.complete(space.decode(&search.sample(space, rng))) {
                Ok(config) if !self.evidence.knows(&config) => return Ok(Next::start(config)),
                _ => {}
            }
        }
        let spare = self.spare.next(space, history, &self.evidence, rng)?;
        Ok(spare.instead(&format!("none of {TRIES} samples was allowed and new")).into())
    }

    fn tell(&mut self, event: &Event) {
        self.spare.tell(event);
        match event {
            Event::Opened(_) => self.search = None, // The constraints may be others.
            Event::Started { trial, origin, .. } if !self.is_sample(*origin) => {
                self.foreign.insert(*trial);
            }
            Event::Finished { trial, .. } if self.foreign.contains(trial) => return,
            _ => {}
        }
        self.evidence.tell(event);
    }
}
