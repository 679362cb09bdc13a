//! A search in stages: each with its own strategy, part of the space, budget and fidelity, and each
//! beginning with what those before it have found.
//!
//! The strategy of a stage sees the earlier trials that lie in its part of the space as trials that
//! were observed elsewhere. Those of another fidelity are seen at the level of its own (`levels.rs`
//! says how); for that, a stage with other settings than the stages before begins with the best
//! configuration so far. Until that has ended, the stage learns from the earlier losses alone; if it
//! ends without a result, from its own alone.
//!
//! A stage that searches around the best configuration, or with other settings, waits until the
//! trials of the stages before have ended. A stage whose strategy has no more to propose is over, and
//! one that is over stays so.
//!
//! Of a limit of costs each stage sees its share of what is left (`share.rs`): by that it knows how
//! thrifty it has to be.

mod levels;
mod narrow;
mod share;
mod shrink;
mod view;

use temper_core::{
    Config, Event, History, Next, Rng, Setup, StageSetup, State, Strategy, StrategyError, Trial,
};
use temper_space::{Space, SpaceError};

use crate::converged::Converging;
use crate::registry::{Options, RegistryError, build};

use levels::{anchor, levels};
use share::share;
use shrink::shrink;
use view::{Lens, View};

pub use narrow::{NarrowError, narrow};

const NAME: &str = "stages";

/// The strategy of a study with stages.
#[derive(Debug)]
pub struct Stages {
    stages: Vec<StageSetup>,
    /// What has happened: a stage's strategy is told it when the stage begins.
    log: Vec<Event>,
    view: Option<View>,
}

/// The strategy of a study, by its setup.
///
/// # Errors
///
/// If there is no such strategy, or an option is wrong.
pub fn build_for(setup: &Setup) -> Result<Box<dyn Strategy>, RegistryError> {
    let strategies = setup.stages.iter().map(|stage| &stage.strategy);
    strategies.chain([&setup.strategy]).try_for_each(|it| strategy(it).map(drop))?;
    match setup.stages.as_slice() {
        [] => {
            let strategy = strategy(&setup.strategy)?;
            Ok(match setup.budget.until_converged {
                Some(in_a_row) => Box::new(Converging::new(strategy, in_a_row)),
                None => strategy,
            })
        }
        stages => Ok(Box::new(Stages { stages: stages.to_vec(), log: Vec::new(), view: None })),
    }
}

fn strategy(setup: &temper_core::StrategySetup) -> Result<Box<dyn Strategy>, RegistryError> {
    let options: Options = serde_json::from_str(&setup.options)
        .map_err(|error| RegistryError::BadOptions { owner: NAME, message: error.to_string() })?;
    build(&setup.name, &options)
}

/// Where a stage searches, and what there is to say of it.
struct Ground {
    space: Space,
    note: Option<String>,
}

impl Stages {
    /// Whether a stage has to know how those before it have ended.
    fn follows(&self, index: usize) -> bool {
        let has_other_settings = index > 0
            && self.stages[..index].iter().all(|it| it.settings != self.stages[index].settings);
        has_other_settings || self.stages[index].around.is_some()
    }

    /// The trials that the stage may begin in total, if that is limited.
    fn budget(&self, index: usize, history: &History) -> Option<u64> {
        let before = || {
            let trials =
                history.trials().iter().filter(|it| position(it).is_none_or(|it| it < index));
            trials.filter(|it| it.origin().counts()).count() as u64
        };
        let total = history.setup().and_then(|setup| setup.trials);
        self.stages[index].trials.or_else(|| total.map(|total| total.saturating_sub(before())))
    }

    fn ground(
        &self,
        index: usize,
        space: &Space,
        history: &History,
    ) -> Result<Ground, StrategyError> {
        let stage = &self.stages[index];
        let whole = narrow(space, &stage.space)
            .map_err(|error| unsuitable(&format!("stage `{}`: {error}", stage.name)))?;
        let Some(around) = stage.around else { return Ok(Ground { space: whole, note: None }) };
        let Some(best) = history.best_of(before(index, history)) else {
            let note = "no trial of the stages before completed: the whole space is searched";
            return Ok(Ground { space: whole, note: Some(note.to_owned()) });
        };
        let part = shrink(&whole, best.config(), around.shrink);
        match part.and_then(|part| part.probe().map(|()| part)) {
            Ok(space) => Ok(Ground { space, note: None }),
            Err(error) => Ok(Ground { space: whole, note: Some(fallback(best, &error)) }),
        }
    }

    /// The best configuration so far, if the stage has yet to try it at its own fidelity.
    fn anchor(&self, index: usize, history: &History) -> Option<Config> {
        let fidelity = history.fidelity_of(number(index));
        if anchor(history, fidelity).is_some() {
            return None;
        }
        let others = before(index, history).filter(|trial| history.fidelity(trial) != fidelity);
        let best = history.best_of(others)?;
        Some(best.config().clone())
    }

    fn lens(&self, index: usize, space: &Space, history: &History) -> Lens {
        let fidelity = history.fidelity_of(number(index));
        let is_under_way = |trial: &&Trial| trial.state().is_under_way();
        let others = before(index, history).filter(|trial| history.fidelity(trial) != fidelity);
        let base = match anchor(history, fidelity).filter(is_under_way) {
            Some(_) => history.best_of(others).map(|best| history.fidelity(best)),
            None => None,
        };
        let mut levels = levels(history, base.unwrap_or(fidelity));
        if base.is_some() {
            levels.remove(&fidelity);
        }
        let mut lens = Lens {
            stage: u32::try_from(index).unwrap_or(u32::MAX),
            space: space.spec().clone(),
            fidelity,
            levels,
            trials: self.budget(index, history),
            max_steps: history.max_steps(fidelity),
            limit: None,
        };
        lens.limit = share(index, &self.stages, history, |it| lens.pays(it, space, history));
        lens
    }

    /// The view of a stage, with all that has happened.
    fn view(
        &mut self,
        index: usize,
        space: Space,
        history: &History,
    ) -> Result<&mut View, StrategyError> {
        let lens = self.lens(index, &space, history);
        let mut view = match self.view.take().filter(|view| *view.lens() == lens) {
            Some(view) => view,
            None => {
                let strategy = strategy(&self.stages[index].strategy)
                    .map_err(|error| unsuitable(&error.to_string()))?;
                View::new(lens, space, strategy)
            }
        };
        view.read(&self.log, history);
        Ok(self.view.insert(view))
    }

    /// What a stage that is not full does next; `None` if it has nothing to propose any more.
    fn ask_stage(
        &mut self,
        index: usize,
        space: &Space,
        history: &History,
        rng: &mut Rng,
    ) -> Result<Option<Next>, StrategyError> {
        if self.follows(index) {
            if before(index, history).any(|it| it.state().is_under_way()) {
                return Ok(Some(Next::Wait));
            }
            if let Some(next) = finish_one(index, history) {
                return Ok(Some(next));
            }
        }
        if let Some(config) = self.anchor(index, history) {
            let stage = number(index);
            let note = "the best configuration so far, with the settings of this stage".to_owned();
            return Ok(Some(Next::Start {
                config,
                until: None,
                fork: None,
                note: Some(note),
                stage,
            }));
        }
        let is_first = begun(index, history) == 0;
        let Ground { space, note } = self.ground(index, space, history)?;
        let mut next = self.view(index, space, history)?.ask(rng)?;
        if let (Next::Start { note: own, .. }, Some(more), true) = (&mut next, note, is_first) {
            *own = Some(own.take().map_or(more.clone(), |own| format!("{own}; {more}")));
        }
        Ok(Some(next).filter(|next| *next != Next::Done))
    }
}

impl Strategy for Stages {
    fn ask(
        &mut self,
        space: &Space,
        history: &History,
        rng: &mut Rng,
    ) -> Result<Next, StrategyError> {
        let own = history.trials().iter().filter(|trial| !trial.origin().is_repeat());
        let first = own.filter_map(position).max().unwrap_or(0);
        for index in first..self.stages.len() {
            let limit = self.stages[index].trials;
            if limit.is_some_and(|limit| begun(index, history) >= limit) {
                continue;
            }
            if let Some(next) = self.ask_stage(index, space, history, rng)? {
                return Ok(next);
            }
        }
        Ok(Next::Done)
    }

    fn tell(&mut self, event: &Event) {
        self.log.push(event.clone());
    }
}

/// Where only paused trials are left of the stages before and none has completed, the one that has
/// come furthest, and of these the best, runs to its end: a stage needs something to begin with.
fn finish_one(index: usize, history: &History) -> Option<Next> {
    if before(index, history).any(|trial| trial.state() == State::Completed) {
        return None;
    }
    let paused = before(index, history).filter(|trial| trial.state() == State::Paused);
    let step = |trial: &Trial| trial.reports().last().map_or(0, |report| report.step);
    let furthest = paused.min_by_key(|trial| (std::cmp::Reverse(step(trial)), trial.loss()))?;
    let note = Some("the next stage begins with its result".to_owned());
    Some(Next::Resume { trial: furthest.id(), until: None, note })
}

/// The trials of the stages before this one, and those of none.
fn before(index: usize, history: &History) -> impl Iterator<Item = &Trial> {
    history.trials().iter().filter(move |trial| position(trial).is_none_or(|it| it < index))
}

/// How many trials of the stage have begun.
fn begun(index: usize, history: &History) -> u64 {
    let own = history.trials().iter().filter(|trial| !trial.origin().is_repeat());
    own.filter(|trial| position(trial) == Some(index)).count() as u64
}

fn position(trial: &Trial) -> Option<usize> {
    usize::try_from(trial.stage()?).ok()
}

fn number(index: usize) -> Option<u32> {
    u32::try_from(index).ok()
}

fn fallback(best: &Trial, error: &SpaceError) -> String {
    format!("around trial {} nothing is allowed ({error}): the whole space is searched", best.id())
}

fn unsuitable(reason: &str) -> StrategyError {
    StrategyError::Unsuitable { strategy: NAME, reason: reason.to_owned() }
}
