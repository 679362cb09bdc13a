//! Population-based training: members that train side by side, of which the worst copy the best.
//!
//! Each member is a trial that pauses at every `interval` steps. There a member among the worst of
//! the population gives its place to a new trial, which goes on from the checkpoint of one among the
//! best with other values of some parameters. What comes out is a schedule of these parameters, and
//! a model that was trained by it.
//!
//! Members are compared at the same step, and nobody waits longer than it takes to be certain: who
//! can't be among the best or the worst, whatever the others come to, goes on at once. And what is drawn
//! for a copy is drawn from a stream of the place that it takes, at its step. So who copies whom, and
//! with which values, does not depend on who is faster.
//!
//! Source: Jaderberg et al., "Population Based Training of Neural Networks", arXiv:1711.09846, 2017:
//! truncation selection, and perturbing or resampling, of section 4.1.1.

mod explore;
mod options;
mod standing;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use rand::RngExt;
use temper_core::{
    Fork, History, Intake, Next, Origin, Rng, State, Step, Strategy, StrategyError, Trial, draw,
    stream,
};
use temper_space::Space;

use explore::{differences, explore};
use options::Course;
use standing::{Place, Standing};

pub use options::PbtOptions;

use crate::prune::told;
use crate::registry::Entry;

const NAME: &str = "pbt";

/// The random streams of copies start here, far from those of proposals and of trials.
const STREAMS: u64 = 1 << 61;
/// More streams for each step than there are places in a population.
const PLACES: u64 = 1 << 20;

pub(crate) const ENTRY: Entry<dyn Strategy> = Entry {
    name: NAME,
    summary: "a population whose worst members copy the best on the way; finds schedules",
    build: |options| Ok(Box::new(Pbt::new(PbtOptions::read(options)?))),
};

/// The strategy. It has no state: where the population stands is in the history.
#[derive(Clone, Debug)]
pub struct Pbt {
    options: PbtOptions,
}

impl Pbt {
    /// A population.
    #[must_use]
    pub fn new(options: PbtOptions) -> Self {
        Self { options }
    }

    /// What becomes next of those that wait at this step, if that is certain of one.
    fn settle(
        &self,
        standing: &Standing<'_>,
        course: &Course<'_>,
        space: &Space,
        history: &History,
    ) -> Option<Next> {
        let donors = standing.donors();
        if let Some(worst) = standing.losers().next()
            && !donors.is_empty()
        {
            let mut rng = luck(&worst, standing, history);
            let donor = donors[rng.random_range(0..donors.len())];
            let config = explore(space, donor.trial.config(), course, &self.options, &mut rng);
            return Some(Next::Start {
                note: Some(copied(&worst, &donor, &config, standing, history)),
                config,
                until: course.after(donor.trial.last_step()),
                fork: Some(Fork { from: donor.trial.id(), replaces: Some(worst.trial.id()) }),
                stage: None,
            });
        }
        let next = standing.settled().find(|place| !is_needed(place.trial, history))?;
        Some(Next::Resume {
            trial: next.trial.id(),
            until: course.after(next.trial.last_step()),
            note: Some(went_on(&next, standing, history)),
        })
    }
}

impl Strategy for Pbt {
    fn ask(
        &mut self,
        space: &Space,
        history: &History,
        rng: &mut Rng,
    ) -> Result<Next, StrategyError> {
        let course = self
            .options
            .course(space, history)
            .map_err(|reason| StrategyError::Unsuitable { strategy: NAME, reason })?;
        if wants_another(course.size, history) {
            let (config, until) = (draw(space, rng)?, course.after(0));
            return Ok(Next::Start { config, until, fork: None, note: None, stage: None });
        }
        for boundary in boundaries(history) {
            let standing = Standing::at(boundary, self.options.quantile, history);
            if let Some(next) = self.settle(&standing, &course, space, history) {
                return Ok(next);
            }
        }
        Ok(if members(history).any(|trial| trial.state().is_under_way()) {
            Next::Wait
        } else {
            Next::Done
        })
    }

    fn resumes(&self) -> bool {
        true
    }

    fn until(&self, history: &History) -> Option<Step> {
        self.options.interval(history.setup())
    }
}

/// Where the copy is drawn from that takes this place.
fn luck(place: &Place<'_>, standing: &Standing<'_>, history: &History) -> Rng {
    let seed = history.setup().map_or(0, |setup| setup.seed);
    let of_step = standing.boundary().wrapping_mul(PLACES);
    stream(seed, STREAMS.wrapping_add(of_step).wrapping_add(place.rank as u64))
}

/// The trials of the population, present and past.
fn members(history: &History) -> impl Iterator<Item = &Trial> {
    history.trials().iter().filter(|trial| trial.origin() != Origin::Observed)
}

/// Whether a member is to begin at its first step: until there are as many as wanted, and where all
/// have failed, as long as the study has trials left.
fn wants_another(size: u64, history: &History) -> bool {
    let begun = history.tried();
    let has_failed = |trial: &Trial| matches!(trial.state(), State::Failed | State::Pruned);
    let is_bounded = history.setup().is_some_and(|setup| setup.trials.is_some());
    begun < size
        || (is_bounded && history.intake() == Intake::Open && members(history).all(has_failed))
}

/// Where members wait for what becomes of them, and failed ones for somebody in their place.
fn boundaries(history: &History) -> BTreeSet<Step> {
    let waits = |trial: &&Trial| matches!(trial.state(), State::Paused | State::Failed);
    members(history).filter(waits).filter_map(Trial::until).collect()
}

/// Whether a copy of the trial has yet to be made.
fn is_needed(trial: &Trial, history: &History) -> bool {
    let copies = |other: &&Trial| other.fork().is_some_and(|fork| fork.from == trial.id());
    history.trials().iter().filter(copies).any(|copy| !copy.has_begun())
}

fn copied(
    worst: &Place<'_>,
    donor: &Place<'_>,
    config: &temper_core::Config,
    standing: &Standing<'_>,
    history: &History,
) -> String {
    let own = match worst.loss() {
        Some(loss) => {
            format!("{}, place {} of {}", told(history, loss), worst.rank + 1, standing.count())
        }
        None => "which failed".to_owned(),
    };
    let best = donor.loss().map(|loss| told(history, loss)).unwrap_or_default();
    format!(
        "in place of trial {} ({own}) it copies trial {} ({best} at step {}); {}",
        worst.trial.id(),
        donor.trial.id(),
        donor.trial.last_step(),
        differences(donor.trial.config(), config)
    )
}

fn went_on(place: &Place<'_>, standing: &Standing<'_>, history: &History) -> String {
    let own = place.loss().map(|loss| told(history, loss)).unwrap_or_default();
    let (rank, count, boundary) = (place.rank + 1, standing.count(), standing.boundary());
    match standing.missing() {
        0 => format!("{own} is place {rank} of {count} at step {boundary}"),
        missing => format!(
            "{own} is place {rank} of {} at step {boundary}: neither among the best nor the worst {}, \
             whatever the other {missing} come to",
            count - missing,
            standing.cut()
        ),
    }
}
