//! Bayesian optimisation: a Gaussian process learns what was tried, and the configuration with
//! the highest expected improvement is tried next.
//!
//! The strategy for trials that take minutes or more: it needs the fewest of them. Trials that ran
//! out of memory, diverged or crashed teach a second process where trials succeed, and the
//! improvement is weighed by the chance to.
//!
//! Sources: Jones, Schonlau and Welch 1998 (expected improvement); Ament et al. 2023 (its stable
//! logarithm); Hvarfner, Hellsten and Nardi 2024 (the prior of the lengthscales); Song et al. 2024
//! (half-rank warping); Ginsbourger, Le Riche and Carraro 2010 (pending trials as if they had
//! ended as predicted).

mod acquisition;
mod axes;
mod maximise;
mod model;

use serde::{Deserialize, Serialize};
use temper_core::{Config, Event, History, Next, Origin, Rng, Strategy, StrategyError, draw};
use temper_gp::{GpError, Prior, warp};
use temper_space::Space;

use acquisition::{Acquisition, Limit, Objective};
use axes::{Axes, Place};
use maximise::{Sources, maximise};
use model::Model;

use crate::evidence::{End, Evidence, Lesson, pending};
use crate::registry::{Entry, RegistryError, read_options};
use crate::sobol::{scramble, sobol_point};

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
    objective: Option<Model>,
    feasibility: Option<Model>,
}

/// How many results there must be before they are modelled.
const FEWEST: usize = 2;
/// How often a design point that is not allowed or was started is followed by the next.
const SKIPPED: u32 = 1000;

impl Bayes {
    /// Bayesian optimisation.
    #[must_use]
    pub fn new(options: BayesOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// A point of the design: the middle of the space, unless the default was tried, and then
    /// points that fill it.
    fn design(
        &self,
        space: &Space,
        history: &History,
        rng: &mut Rng,
    ) -> Result<Config, StrategyError> {
        let seed = scramble(history);
        let is_first = history.trials().is_empty();
        let first = is_first.then(|| vec![0.5; space.dims()]);
        let index = history.trials().len() as u32;
        let points = (index..index + SKIPPED).map(|i| sobol_point(i, space.dims(), seed));
        let mut configs = first
            .into_iter()
            .chain(points)
            .filter_map(|point| space.complete(space.decode(&point)).ok())
            .filter(|config| !self.evidence.knows(config));
        configs.next().map_or_else(|| draw(space, rng), Ok)
    }

    /// The most promising configuration that was not started.
    fn propose(
        &mut self,
        space: &Space,
        history: &History,
        rng: &mut Rng,
    ) -> Result<Option<Config>, GpError> {
        let axes = Axes::new(space);
        let lessons = self.evidence.lessons();
        let place =
            |lesson: &Lesson| Place { point: lesson.point.clone(), active: lesson.active.clone() };
        let results: Vec<(Place, f64)> = lessons
            .iter()
            .filter_map(|lesson| match &lesson.end {
                End::Completed { losses, .. } => Some((place(lesson), *losses.first()?)),
                _ => None,
            })
            .collect();
        let failed: Vec<bool> =
            lessons.iter().map(|lesson| matches!(lesson.end, End::Failed(_))).collect();
        let pending: Vec<Place> = pending(history)
            .map(|trial| Place {
                point: space.encode(trial.config()),
                active: space.active(trial.config()),
            })
            .collect();

        let (places, losses): (Vec<Place>, Vec<f64>) = results.into_iter().unzip();
        let mut incumbents = Vec::new();
        let mut objective = None;
        if places.len() >= FEWEST {
            let prior = Prior::scaled(axes.dims());
            let model = self.objective.get_or_insert_with(|| Model::new(axes.kernel(), prior));
            let outputs = |first: usize| warp::standardise(&warp::half_rank(&losses[..first]));
            let mut gp = model.process(&places, outputs)?.clone();
            let points: Vec<_> =
                places.iter().map(|place| (place.point.clone(), place.active.clone())).collect();
            let means: Vec<f64> = gp.predict_many(&points)?.iter().map(|p| p.mean).collect();
            let mut order: Vec<usize> = (0..places.len()).collect();
            order.sort_by(|a, b| means[*a].total_cmp(&means[*b]));
            incumbents.extend(order.iter().take(5).map(|index| places[*index].clone()));
            let best = means[order[0]];
            for place in &pending {
                let mean = gp.predict(&place.point, &place.active)?.mean;
                gp.extend(&place.point, &place.active, mean)?;
            }
            objective = Some(Objective { gp, best });
        }
        let mut limits = Vec::new();
        if failed.contains(&true) {
            let prior = Prior::scaled(axes.dims());
            let model = self.feasibility.get_or_insert_with(|| Model::new(axes.kernel(), prior));
            let all: Vec<Place> = lessons.iter().map(place).collect();
            let outputs = |first: usize| {
                failed[..first].iter().map(|failed| if *failed { 1.0 } else { -1.0 }).collect()
            };
            let gp = model.process(&all, outputs)?.clone();
            limits.push(Limit { gp, bound: 0.0 });
        }
        if objective.is_none() && limits.is_empty() {
            return Ok(None);
        }
        let acquisition = Acquisition { objective, limits };
        let dims = axes.dims() as u32;
        let sources =
            Sources { incumbents: &incumbents, spread: (64 * dims).clamp(128, 384), near: 40 };
        let places = maximise(&acquisition, &axes, &sources, rng)?;
        let mut configs = places.iter().filter_map(|place| axes.config(place));
        Ok(configs.find(|config| !self.evidence.knows(config)))
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
        let tried = history.trials().iter().filter(|trial| trial.origin() != Origin::Observed);
        if (tried.count() as u64) < self.options.startup(space, history) {
            return self.design(space, history, rng).map(Next::start);
        }
        let note = match self.propose(space, history, rng) {
            Ok(Some(config)) => return Ok(Next::start(config)),
            Ok(None) => "nothing to learn from or nothing new found: a design point".to_owned(),
            Err(error) => format!("the model could not be fitted ({error}): a design point"),
        };
        let config = self.design(space, history, rng)?;
        Ok(Next::Start { config, until: None, fork: None, note: Some(note) })
    }

    fn tell(&mut self, event: &Event) {
        self.evidence.tell(event);
    }
}
