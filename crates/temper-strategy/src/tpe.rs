//! The tree-structured Parzen estimator: tries what is likely among the good trials and unlikely
//! among the bad ones.
//!
//! The default for most studies of 30 to 1,000 trials: it takes every kind of parameter,
//! conditions, failures, several goals and many workers, learns which values go together, and
//! costs less than a millisecond per trial.
//!
//! The best tenth of the trials is good, all others are bad, also those that failed and those that
//! still run. Each set gets a density (`parzen.rs`); of a few draws from that of the good ones, the
//! one with the highest ratio of the two is tried. Where cost counts, the ratio is divided by what the
//! trial is predicted to cost, as in `bayes`.
//!
//! Sources: Bergstra et al., "Algorithms for Hyper-Parameter Optimization", `NeurIPS` 2011; Falkner
//! et al., "BOHB", ICML 2018, for the joint density; Watanabe, "Tree-Structured Parzen Estimator:
//! Understanding Its Algorithm Components and Their Roles for Better Empirical Performance",
//! arXiv:2304.11127, 2023. Every constant is that of Optuna 5's `TPESampler` with `multivariate`,
//! `group` and `constant_liar`.

use std::num::NonZeroU16;

use rand::RngExt;
use serde::{Deserialize, Serialize};
use temper_core::{Config, Event, History, Next, Rng, Strategy, StrategyError, draw};
use temper_space::Space;

mod axis;
mod group;
mod kernel;
mod model;
mod normal;
mod order;
mod pareto;
mod parzen;

use model::{Candidate, Ground, Model};

use crate::bayes::{Axes, Price, Prices};
use crate::evidence::Evidence;
use crate::proposal::{Proposal, draw_new};
use crate::registry::{Entry, RegistryError, read_options};
use crate::thrift::thrift;

const NAME: &str = "tpe";

pub(crate) const ENTRY: Entry<dyn Strategy> = Entry {
    name: NAME,
    summary: "tree-structured Parzen estimator: what is likely among the good trials",
    build: |options| Ok(Box::new(Tpe::new(TpeOptions::read(options)?))),
};

/// How many draws are made for each candidate that the requirements are to allow.
const TRIES: usize = 10;

/// The options of the tree-structured Parzen estimator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TpeOptions {
    /// Until so many trials have ended, configurations are drawn at random. Default 10.
    pub startup_trials: u32,
    /// From how many draws the most promising one is chosen. More of them stay closer to what was
    /// good so far. Default 24.
    pub candidates: NonZeroU16,
}

impl Default for TpeOptions {
    fn default() -> Self {
        Self { startup_trials: 10, candidates: const { NonZeroU16::new(24).expect("24 is not 0") } }
    }
}

impl TpeOptions {
    /// Reads the options of a study file.
    ///
    /// # Errors
    ///
    /// If one is unknown or has a wrong value.
    pub fn read(options: &crate::Options) -> Result<Self, RegistryError> {
        read_options(NAME, options)
    }
}

/// The strategy of the tree-structured Parzen estimator.
#[derive(Clone, Debug, Default)]
pub struct Tpe {
    options: TpeOptions,
    evidence: Evidence,
    /// Follows from the evidence.
    ground: Ground,
    /// What trials cost, as far as that counts.
    prices: Prices,
}

impl Tpe {
    /// The strategy, before it has seen a trial.
    #[must_use]
    pub fn new(options: TpeOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// The most promising configuration of the model, a new one if there is one among the
    /// candidates. `None` if the requirements refuse them all.
    fn exploit(
        &self,
        space: &Space,
        model: &Model,
        price: Option<&Price>,
        rng: &mut Rng,
    ) -> Option<Proposal> {
        let good = self.candidates(space, || model.draw(rng));
        let (known, new) = self.pick(space, model, price, &good);
        if let Some(new) = new {
            return Some(new.into());
        }
        // All that is likely was tried: what is left of a small space is elsewhere.
        let dims = space.dims();
        let anywhere = || model.candidate((0..dims).map(|_| rng.random()).collect());
        let anywhere = self.candidates(space, anywhere);
        let (other, new) = self.pick(space, model, price, &anywhere);
        let note = if new.is_some() {
            "the best of random draws, for nothing likely is allowed and new"
        } else {
            "a repetition, for no candidate is new"
        };
        let config = new.or(known).or(other)?;
        Some(Proposal { config, note: Some(note.to_owned()) })
    }

    /// Draws candidates that the requirements allow.
    fn candidates(&self, space: &Space, mut draw: impl FnMut() -> Candidate) -> Vec<Candidate> {
        let wanted = usize::from(self.options.candidates.get());
        let is_allowed = |candidate: &Candidate| {
            space.requires().is_empty() || space.complete(space.decode(&candidate.point)).is_ok()
        };
        (0..wanted * TRIES).map(|_| draw()).filter(is_allowed).take(wanted).collect()
    }

    /// The best candidate that was tried before and lies above all new ones, and the best new one.
    fn pick(
        &self,
        space: &Space,
        model: &Model,
        price: Option<&Price>,
        candidates: &[Candidate],
    ) -> (Option<Config>, Option<Config>) {
        let mut scores = model.scores(candidates);
        if let Some(price) = price {
            let axes = Axes::new(space);
            let places: Vec<_> = candidates.iter().map(|it| axes.settle(&it.point)).collect();
            // What can't be priced costs what all cost.
            let costs = price.ln_costs(&places).unwrap_or_default();
            scores.iter_mut().zip(costs).for_each(|(score, cost)| *score -= cost);
        }
        let mut order: Vec<usize> = (0..candidates.len()).collect();
        order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
        let mut known = None;
        for index in order {
            match space.complete(space.decode(&candidates[index].point)) {
                Ok(config) if !self.evidence.knows(&config) => return (known, Some(config)),
                Ok(config) => known = known.or(Some(config)),
                // A derived parameter has no value there.
                Err(_) => {}
            }
        }
        (known, None)
    }
}

impl Tpe {
    /// What trials cost, if that counts and can be learned.
    fn price(&mut self, space: &Space, history: &History) -> Option<Price> {
        let (lessons, moving) = (self.evidence.lessons(), self.evidence.is_moving());
        self.prices.learn(&Axes::new(space), lessons, moving, thrift(history)).ok().flatten()
    }
}

impl Strategy for Tpe {
    fn ask(
        &mut self,
        space: &Space,
        history: &History,
        rng: &mut Rng,
    ) -> Result<Next, StrategyError> {
        self.evidence.update(space, history);
        let lessons = self.evidence.lessons();
        if lessons.len() < self.options.startup_trials as usize || space.dims() == 0 {
            return draw_new(space, &self.evidence, rng).map(Next::from);
        }
        let price = self.price(space, history);
        let lessons = self.evidence.lessons();
        self.ground.update(space, lessons);
        let model = Model::fit(&self.ground, space, lessons, history);
        if let Some(proposal) = self.exploit(space, &model, price.as_ref(), rng) {
            return Ok(proposal.into());
        }
        let note = Some("a random draw, for no candidate is allowed".to_owned());
        Ok(Proposal { config: draw(space, rng)?, note }.into())
    }

    fn tell(&mut self, event: &Event) {
        if let Event::Opened(_) = event {
            self.prices = Prices::default(); // Costs may count otherwise.
        }
        self.evidence.tell(event);
    }
}

#[cfg(test)]
mod tests;
