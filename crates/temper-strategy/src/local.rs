//! Bayesian optimisation inside a small box that follows the best result: the trust region.
//!
//! For the last stage of a search from coarse to fine: around a configuration that is known to be
//! good, it spends no trial on the rest of the space. The box moves with the best result inside it,
//! is halved when several trials in a row bring nothing better, and widened again, up to where it
//! began, when they do. With several goals it stays: a front has no best point to move to.
//!
//! Source: Eriksson et al. 2019, "Scalable Global Optimization via Local Bayesian Optimization"
//! (`TuRBO`), section 3, with expected improvement in place of Thompson samples.

mod trust;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use temper_core::{Config, Event, History, Next, Rng, Strategy, StrategyError};
use temper_space::{Space, Value};

use crate::bayes::{Axes, Region, Search};
use crate::evidence::{Evidence, pending};
use crate::proposal::{Proposal, draw_new};
use crate::registry::{Entry, RegistryError, read_options};
use crate::sobol::{scramble, sobol_point};
use crate::start::start_config;
use trust::Trust;

const NAME: &str = "local";

pub(crate) const ENTRY: Entry<dyn Strategy> = Entry {
    name: NAME,
    summary: "as bayes, but only near a good configuration; the last stage of a search",
    build: |options| Ok(Box::new(Local::new(LocalOptions::read(options)?))),
};

/// The options of the local search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LocalOptions {
    /// The configuration to search near; a parameter that is not named is at its default, or in
    /// the middle of its range. Default: the best of the trials observed elsewhere, or the default
    /// configuration.
    pub around: BTreeMap<String, Value>,
    /// The sides of the first box, as a part of each parameter's range; above 0, at most 1.
    pub width: f64,
}

impl Default for LocalOptions {
    fn default() -> Self {
        Self { around: BTreeMap::new(), width: 0.2 }
    }
}

impl LocalOptions {
    /// Reads the options of a study file.
    ///
    /// # Errors
    ///
    /// If one is unknown or has a wrong value.
    pub fn read(options: &crate::Options) -> Result<Self, RegistryError> {
        let read: Self = read_options(NAME, options)?;
        if read.width > 0.0 && read.width <= 1.0 {
            return Ok(read);
        }
        let message = format!("`width` {} is not above 0 and at most 1", read.width);
        Err(RegistryError::BadOptions { owner: NAME, message })
    }

    /// The configuration to search near, complete.
    fn centre(&self, space: &Space, history: &History) -> Result<Config, StrategyError> {
        if !self.around.is_empty() {
            let given = space.complete(self.given(space)?);
            return given.map_err(|refused| unsuitable(format!("`around`: {refused}")));
        }
        let allowed = space.complete(start_config(space, history)).ok();
        let mut others = (0..ALLOWED).filter_map(|index| {
            let point = sobol_point(index, space.dims(), scramble(history));
            space.complete(space.decode(&point)).ok()
        });
        allowed.or_else(|| others.next()).ok_or_else(|| {
            unsuitable("no configuration to start from was found; name one by `around`".to_owned())
        })
    }

    fn given(&self, space: &Space) -> Result<Config, StrategyError> {
        let mut config = Config::new();
        for param in space.params() {
            if param.condition().is_none_or(|condition| condition.holds(&config)) {
                let value = match self.around.get(param.name()) {
                    Some(value) => param.domain().canonical(value).ok_or_else(|| {
                        let (name, domain) = (param.name(), param.domain());
                        unsuitable(format!("`around`: `{name}` = {value} is not in {domain}"))
                    })?,
                    None => param.default().cloned().unwrap_or_else(|| param.domain().decode(0.5)),
                };
                config.insert(param.name(), value);
            }
        }
        match self.around.keys().find(|name| !config.contains(name)) {
            Some(name) if space.param(name).is_some() => Err(unsuitable(format!(
                "`around`: `{name}` does not exist beside the other values there"
            ))),
            Some(name) => Err(unsuitable(format!("`around`: the space has no parameter `{name}`"))),
            None => Ok(config),
        }
    }
}

fn unsuitable(reason: String) -> StrategyError {
    StrategyError::Unsuitable { strategy: NAME, reason }
}

/// The local strategy.
#[derive(Debug, Default)]
pub struct Local {
    options: LocalOptions,
    evidence: Evidence,
    search: Search,
}

/// How many points are looked at for one to start from, where the usual one is not allowed.
const ALLOWED: u32 = 10_000;
/// How often a point of the design is drawn before the box counts as used up.
const DRAWS: u32 = 64;

impl Local {
    /// A local search.
    #[must_use]
    pub fn new(options: LocalOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// The box as the results so far have moved it.
    fn trust(&self, centre: &Config, history: &History, axes: &Axes<'_>) -> Trust {
        let trust = Trust::new(axes.place(centre), self.options.width);
        match history.setup() {
            Some(setup) if setup.goals.len() > 1 => trust,
            _ => trust.after(self.evidence.lessons(), axes),
        }
    }

    /// A new configuration in a region: the most promising one, or one that fills it while there
    /// are too few results to learn from.
    fn propose(
        &mut self,
        space: &Space,
        history: &History,
        region: &Region,
        rng: &mut Rng,
    ) -> Option<Proposal> {
        let begun = self.evidence.lessons().len() + pending(history).count();
        let mut note = None;
        if begun >= (space.dims() + 1).clamp(4, 10) {
            match self.search.propose(space, history, &self.evidence, Some(region), rng) {
                Ok(Some(config)) => return Some(config.into()),
                Ok(None) => note = Some("nothing to learn from: a Sobol point".to_owned()),
                Err(error) => {
                    note = Some(format!("the model could not be fitted, {error}: a Sobol point"));
                }
            }
        }
        let axes = Axes::new(space);
        let begun = history.trials().len() as u32;
        let points = (0..DRAWS).map(|draw| {
            let point = sobol_point(begun.wrapping_add(draw), axes.dims(), scramble(history));
            axes.config(&region.stretch(&axes, &point, rng))
        });
        let mut configs = points.flatten();
        let config = configs.find(|config| !self.evidence.knows(config))?;
        Some(Proposal { config, note })
    }
}

impl Strategy for Local {
    fn ask(
        &mut self,
        space: &Space,
        history: &History,
        rng: &mut Rng,
    ) -> Result<Next, StrategyError> {
        self.evidence.update(space, history);
        let centre = self.options.centre(space, history)?;
        if !self.evidence.knows(&centre) {
            return Ok(Next::start(centre));
        }
        let axes = Axes::new(space);
        let mut trust = self.trust(&centre, history, &axes);
        if let Some(proposal) = self.propose(space, history, &trust.region(&axes), rng) {
            return Ok(proposal.into());
        }
        while trust.widen() {
            if let Some(proposal) = self.propose(space, history, &trust.region(&axes), rng) {
                let note = "nothing new was left in the box, so it was widened".to_owned();
                return Ok(Proposal { note: Some(note), ..proposal }.into());
            }
        }
        let drawn = draw_new(space, &self.evidence, rng)?;
        Ok(drawn.instead("nothing new was found near the centre").into())
    }

    fn tell(&mut self, event: &Event) {
        self.search.tell(event);
        self.evidence.tell(event);
    }
}
