//! The next configuration: a founder, or a child that is new.

use temper_core::{Event, History, Rng, StrategyError};
use temper_space::Space;

use crate::evidence::{Evidence, Lesson};
use crate::proposal::Proposal;
use crate::sobol::Sequence;

/// How many children are bred to find one that is allowed and new. After that a founder is taken:
/// parents so alike have no more to give.
const TRIES: u32 = 100;

/// What is known of all trials, and the founders still to come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Brood {
    evidence: Evidence,
    founders: Sequence,
}

impl Brood {
    /// Takes note of an event.
    pub(crate) fn tell(&mut self, event: &Event) {
        self.evidence.tell(event);
        self.founders.tell(event);
    }

    /// Reads the trials that have ended since the last time.
    pub(crate) fn update(&mut self, space: &Space, history: &History) {
        self.evidence.update(space, history);
    }

    /// The configurations whose trials have ended, oldest first.
    pub(crate) fn lessons(&self) -> &[Lesson] {
        self.evidence.lessons()
    }

    /// Whether lessons have changed that were there before the last update.
    pub(crate) fn is_revised(&self) -> bool {
        self.evidence.is_revised()
    }

    /// A configuration without parents: the next Sobol point.
    pub(crate) fn founder(
        &mut self,
        space: &Space,
        history: &History,
        rng: &mut Rng,
    ) -> Result<Proposal, StrategyError> {
        self.founders.next(space, history, &self.evidence, rng)
    }

    /// A child that is allowed and new. `breed` gives the point of one, `dims`.
    pub(crate) fn child(
        &mut self,
        space: &Space,
        history: &History,
        rng: &mut Rng,
        breed: impl Fn(&[Lesson], &mut Rng) -> Vec<f64>,
    ) -> Result<Proposal, StrategyError> {
        for _ in 0..TRIES {
            let point = breed(self.evidence.lessons(), rng);
            match space.complete(space.decode(&point)) {
                Ok(config) if !self.evidence.knows(&config) => return Ok(config.into()),
                _ => {}
            }
        }
        let founder = self.founder(space, history, rng)?;
        Ok(founder.instead(&format!("none of {TRIES} children was allowed and new")))
    }

    /// What is tried while fewer than two trials have a loss to breed from.
    pub(crate) fn orphan(
        &mut self,
        space: &Space,
        history: &History,
        rng: &mut Rng,
    ) -> Result<Proposal, StrategyError> {
        let founder = self.founder(space, history, rng)?;
        Ok(founder.instead("fewer than two trials have a result to breed from"))
    }
}
