//! NSGA-II: a genetic algorithm for several goals.
//!
//! It spreads over the whole Pareto front, the configurations that none is better than in every
//! goal: those in the best front are bred from, and within a front those whose neighbours are far.
//! With one goal it is a genetic algorithm like `genetic`, with smaller steps.
//!
//! Each trial that ends takes its place in the population at once, and the worst leaves (steady
//! state), so no worker waits for the rest of a generation; a generation is a count, by which the
//! search may be limited.
//!
//! Source: Deb et al., "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II", IEEE Trans.
//! Evol. Comput. 6, 2002; steady state: Durillo et al., "On the Effect of the Steady-State Selection
//! Scheme in Multi-Objective Genetic Algorithms", EMO 2009.

use rand::RngExt;
use temper_core::{Event, History, Next, Rng, Strategy, StrategyError};
use temper_space::Space;

mod fronts;

use crate::breeding::{BreedingOptions, Brood, is_usable, polynomial};
use crate::evidence::Lesson;
use crate::registry::Entry;

use fronts::{Standing, standings};

const NAME: &str = "nsga2";

pub(crate) const ENTRY: Entry<dyn Strategy> = Entry {
    name: NAME,
    summary: "NSGA-II: a genetic algorithm for several goals",
    build: |options| Ok(Box::new(Nsga2::new(BreedingOptions::read(NAME, options)?))),
};

/// How close children are to their parents, by crossover and by mutation: Deb et al. 2002,
/// section V.
const ETA: f64 = 20.0;

/// The NSGA-II strategy.
#[derive(Clone, Debug, Default)]
pub struct Nsga2 {
    options: BreedingOptions,
    brood: Brood,
    population: Population,
}

/// Those that are bred from, as indices of lessons, oldest first.
#[derive(Clone, Debug, Default)]
struct Population {
    size: usize,
    members: Vec<usize>,
    /// How many trials it has taken in or turned away.
    folded: usize,
}

impl Nsga2 {
    /// NSGA-II with these options.
    #[must_use]
    pub fn new(options: BreedingOptions) -> Self {
        Self { options, ..Self::default() }
    }
}

impl Strategy for Nsga2 {
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
        if self.brood.is_revised() {
            self.population = Population::default();
        }
        self.population.fold(self.brood.lessons(), self.options.population(space, history));
        let members = &self.population.members;
        if self.options.is_founding(space, history) {
            return self.brood.founder(space, history, rng).map(Next::from);
        }
        if members.len() < 2 {
            return self.brood.orphan(space, history, rng).map(Next::from);
        }
        let standings = standings(self.brood.lessons(), members);
        let breed = |lessons: &[Lesson], rng: &mut Rng| {
            let mut parent = || &lessons[members[tournament(&standings, rng)]];
            let couple = [parent(), parent()];
            let shift = |place, rng: &mut Rng| polynomial(place, ETA, rng);
            self.options.breed(space, couple, ETA, shift, rng)
        };
        self.brood.child(space, history, rng, breed).map(Next::from)
    }

    fn tell(&mut self, event: &Event) {
        if let Event::Opened(_) = event {
            self.population = Population::default(); // The constraints may be others.
        }
        self.brood.tell(event);
    }
}

impl Population {
    /// Takes in the trials that ended since the last time.
    fn fold(&mut self, lessons: &[Lesson], size: usize) {
        if size != self.size {
            *self = Self { size, ..Self::default() }; // The study is to have more trials.
        }
        for index in self.folded..lessons.len() {
            if is_usable(&lessons[index].end) {
                self.members.push(index);
            }
            if self.members.len() > size {
                let standings = standings(lessons, &self.members);
                self.members.remove(worst(&standings));
            }
        }
        self.folded = lessons.len();
    }
}

/// The place of the worst one; of equals the first, which is the oldest.
fn worst(standings: &[Standing]) -> usize {
    let worse = |worst: usize, place: usize| {
        let is_worse = standings[worst].is_better(standings[place]);
        if is_worse { place } else { worst }
    };
    (1..standings.len()).fold(0, worse)
}

/// The better of two drawn by chance.
fn tournament(standings: &[Standing], rng: &mut Rng) -> usize {
    let mut draw = || rng.random_range(0..standings.len());
    let (one, other) = (draw(), draw());
    if standings[other].is_better(standings[one]) { other } else { one }
}
