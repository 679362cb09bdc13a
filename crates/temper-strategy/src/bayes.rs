//! Bayesian optimisation: a Gaussian process learns what was tried, and the configuration with
//! the highest expected improvement is tried next.
//!
//! The strategy for trials that take minutes or more: it needs the fewest of them. Trials that ran
//! out of memory, diverged or crashed teach another process where trials succeed, and the
//! improvement is weighed by the chance to. With one goal, two processes take turns, of which one
//! sees the worse half of the losses by their ranks: together they neither overlook a slope near
//! the best nor stay where nothing is left to be gained.
//!
//! What is known of the noise of a result, as where trials report `accuracy_noise` beside the goal
//! `accuracy`, is taken as known; of the rest the processes learn how large it is. Where it would hide
//! what a trial could tell, the improvement counts for less.
//!
//! Sources: Jones, Schonlau and Welch 1998 (expected improvement); Ament et al. 2023 (its stable
//! logarithm); Hvarfner, Hellsten and Nardi 2024 (the prior of the lengthscales); Song et al. 2024
//! (half-rank warping); Huang et al. 2006 (augmented expected improvement, for noisy results);
//! Ginsbourger, Le Riche and Carraro 2010 (pending trials as if they had ended as predicted).

mod acquisition;
mod axes;
mod belief;
mod boxes;
mod learn;
mod maximise;
mod model;
mod outputs;
mod price;
mod promise;
mod region;
mod scalarise;
mod search;

use serde::{Deserialize, Serialize};
use temper_core::{Event, History, Next, Rng, Strategy, StrategyError};
use temper_space::Space;

pub(crate) use axes::{Axes, Place};
pub(crate) use price::{Price, Prices};
pub(crate) use promise::{Promise, Promises};
pub(crate) use region::Region;
pub(crate) use search::Search;

use crate::evidence::Evidence;
use crate::proposal::Proposal;
use crate::registry::{Entry, RegistryError, read_options};
use crate::sobol::Sequence;

const NAME: &str = "bayes";

pub(crate) const ENTRY: Entry<dyn Strategy> = Entry {
    name: NAME,
    summary: "Gaussian process and expected improvement; the fewest trials",
    build: |options| Ok(Box::new(Bayes::new(BayesOptions::read(options)?))),
};

/// The options of Bayesian optimisation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BayesOptions {
    /// How many trials are spread over the space before the model is asked. Default: one more
    /// than there are parameters, between 4 and 10, and at most a third of the budget.
    pub startup_trials: Option<u64>,
}

impl BayesOptions {
    /// Reads the options of a study file.
    ///
    /// # Errors
    ///
    /// If one is unknown or has a wrong value.
    pub fn read(options: &crate::Options) -> Result<Self, RegistryError> {
        read_options(NAME, options)
    }

    fn startup(&self, space: &Space, history: &History) -> u64 {
        let budget = history.setup().and_then(|setup| setup.trials);
        let usual = (space.dims() as u64 + 1).clamp(4, 10);
        self.startup_trials.unwrap_or(usual.min(budget.map_or(usual, |budget| budget / 3)).max(2))
    }
}

/// The Bayesian strategy.
#[derive(Debug, Default)]
pub struct Bayes {
    options: BayesOptions,
    evidence: Evidence,
    sequence: Sequence,
    search: Search,
}

impl Bayes {
    /// Bayesian optimisation.
    #[must_use]
    pub fn new(options: BayesOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// A point of the design: the middle of the space, unless something was tried, and then points
    /// that fill it.
    fn design(
        &mut self,
        space: &Space,
        history: &History,
        rng: &mut Rng,
    ) -> Result<Proposal, StrategyError> {
        let middle = || space.complete(space.decode(&vec![0.5; space.dims()])).ok();
        let first = history.trials().is_empty().then(middle).flatten();
        match first {
            Some(config) => Ok(config.into()),
            None => self.sequence.next(space, history, &self.evidence, rng),
        }
    }
}

impl Strategy for Bayes {
    fn ask(
        &mut self,
        space: &Space,
        history: &History,
        rng: &mut Rng,
    ) -> Result<Next, StrategyError> {
        self.evidence.update(space, history);
        let begun = history.begun();
        if begun < self.options.startup(space, history) {
            return self.design(space, history, rng).map(Next::from);
        }
        let reason = match self.search.propose(space, history, &self.evidence, None, rng) {
            Ok(Some(config)) => return Ok(Next::start(config)),
            Ok(None) => "nothing to learn from or nothing new found".to_owned(),
            Err(error) => format!("the model could not be fitted, {error}"),
        };
        Ok(self.design(space, history, rng)?.instead(&reason).into())
    }

    fn tell(&mut self, event: &Event) {
        self.search.tell(event);
        self.sequence.tell(event);
        self.evidence.tell(event);
    }
}
