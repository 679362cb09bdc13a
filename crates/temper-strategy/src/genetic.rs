//! A genetic algorithm: children of the best configurations so far.
//!
//! Parents are drawn by binary tournament from the best `population` trials, those of earlier
//! generations included (elitism). Numbers are crossed by simulated binary crossover and mutate by
//! normal steps, integers by one level at least; choices come from either parent and mutate to
//! another value. For mixed and conditional spaces, many workers and hundreds of cheap trials; a
//! strategy with a model needs fewer.
//!
//! A child is bred from what has ended when a worker asks for it, so no worker waits for the rest
//! of a generation; a generation is a count, by which the search may be limited.
//!
//! Source: Goldberg and Deb, "A Comparative Analysis of Selection Schemes Used in Genetic
//! Algorithms", 1991 (tournaments, steady state); the operators name theirs.

use std::cmp::Reverse;

use temper_core::{Event, History, Next, Rng, Strategy, StrategyError};
use temper_space::Space;

use crate::breeding::{BreedingOptions, Brood, compare, is_usable, near_or_far, tournament};
use crate::evidence::Lesson;
use crate::registry::Entry;

const NAME: &str = "genetic";

pub(crate) const ENTRY: Entry<dyn Strategy> = Entry {
    name: NAME,
    summary: "a genetic algorithm: children of the best so far",
    build: |options| Ok(Box::new(Genetic::new(BreedingOptions::read(NAME, options)?))),
};

/// How close children are to their parents; Deb and Agrawal 1995 use 2 throughout.
const ETA: f64 = 2.0;

/// The genetic strategy.
#[derive(Clone, Debug, Default)]
pub struct Genetic {
    options: BreedingOptions,
    brood: Brood,
}

impl Genetic {
    /// A genetic algorithm with these options.
    #[must_use]
    pub fn new(options: BreedingOptions) -> Self {
        Self { options, brood: Brood::default() }
    }
}

impl Strategy for Genetic {
    fn ask(
        &mut self,
        space: &Space,
        history: &History,
        rng: &mut Rng,
    ) -> Result<Next, StrategyError> {
        if self.options.is_over(space, history) {
            return Ok(Next::Done);
        }
        self.brood.update(space, history);
        let parents = best(self.brood.lessons(), self.options.population(space, history));
        if self.options.is_founding(space, history) {
            return self.brood.founder(space, history, rng).map(Next::from);
        }
        if parents.len() < 2 {
            return self.brood.orphan(space, history, rng).map(Next::from);
        }
        let breed = |lessons: &[Lesson], rng: &mut Rng| {
            let mut parent = || &lessons[parents[tournament(parents.len(), rng)]];
            let couple = [parent(), parent()];
            self.options.breed(space, couple, ETA, near_or_far, rng)
        };
        self.brood.child(space, history, rng, breed).map(Next::from)
    }

    fn tell(&mut self, event: &Event) {
        self.brood.tell(event);
    }
}

/// The indices of the best `count` trials, best first. Of equals the last one: where nothing tells
/// configurations apart, the search moves on.
fn best(lessons: &[Lesson], count: usize) -> Vec<usize> {
    let is_parent = |&index: &usize| is_usable(&lessons[index].end);
    let mut indices: Vec<usize> = (0..lessons.len()).filter(is_parent).collect();
    indices.sort_by(|&one, &other| {
        compare(&lessons[one].end, &lessons[other].end).then(Reverse(one).cmp(&Reverse(other)))
    });
    indices.truncate(count);
    indices
}
