//! What the strategies share that breed new configurations from old ones.

use rand::RngExt;
use serde::{Deserialize, Serialize};
use temper_core::{History, Origin, Rng, State};
use temper_space::Space;

mod brood;
mod crossover;
mod mutation;
mod standing;

pub(crate) use brood::Brood;
pub(crate) use mutation::{near_or_far, polynomial};
pub(crate) use standing::{compare, dominates, is_usable, losses};

use crossover::cross;
use mutation::mutate;

use crate::evidence::Lesson;
use crate::registry::{Options, RegistryError, read_options};

/// The options of the strategies that breed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BreedingOptions {
    /// How many trials there are in a generation, and how many of the best are bred from. At least
    /// 2. By default the study's trials divided by `generations` if both are known; otherwise 10
    /// and one for each parameter, at most 50 and at most a fifth of the study's trials.
    pub population: Option<u32>,
    /// After how many generations the search is over. By default it goes on as long as the study.
    pub generations: Option<u32>,
    /// The probability that a child has two parents, and not one.
    pub crossover: f64,
    /// The probability that a parameter of a child mutates. By default 1 / number of parameters.
    pub mutation: Option<f64>,
}

impl Default for BreedingOptions {
    /// Rates as in Deb et al. 2002, section V: 0.9 and 1 / number of parameters.
    fn default() -> Self {
        Self { population: None, generations: None, crossover: 0.9, mutation: None }
    }
}

impl BreedingOptions {
    /// Reads the options of a study file.
    pub(crate) fn read(owner: &'static str, options: &Options) -> Result<Self, RegistryError> {
        let read: Self = read_options(owner, options)?;
        let rates = [("crossover", Some(read.crossover)), ("mutation", read.mutation)];
        let sizes = [("population", read.population, 2), ("generations", read.generations, 1)];
        let bad_rate = rates.into_iter().find_map(|(name, rate)| {
            let rate = rate.filter(|rate| !(0.0..=1.0).contains(rate))?;
            Some(format!("`{name}` {rate} is not between 0 and 1"))
        });
        let bad_size = sizes.into_iter().find_map(|(name, size, least)| {
            let size = size.filter(|size| *size < least)?;
            Some(format!("`{name}` {size} is below {least}"))
        });
        match bad_rate.or(bad_size) {
            Some(message) => Err(RegistryError::BadOptions { owner, message }),
            None => Ok(read),
        }
    }

    /// The number of trials of a generation.
    pub(crate) fn population(&self, space: &Space, history: &History) -> usize {
        const LEAST: u64 = 4;
        const MOST: u64 = 50;
        let trials = history.setup().and_then(|setup| setup.trials);
        let population = match (self.population, self.generations, trials) {
            (Some(population), ..) => return population as usize,
            (None, Some(generations), Some(trials)) => trials / u64::from(generations),
            (None, _, trials) => {
                let wanted = (10 + space.dims() as u64).min(MOST);
                trials.map_or(wanted, |trials| wanted.min(trials / 5))
            }
        };
        usize::try_from(population.max(LEAST)).unwrap_or(usize::MAX)
    }

    /// Whether the next trial would belong to a generation after the last one. Only trials that
    /// the study began itself count.
    pub(crate) fn is_over(&self, space: &Space, history: &History) -> bool {
        let generation = history.tried() / self.population(space, history) as u64;
        self.generations.is_some_and(|generations| generation >= u64::from(generations))
    }

    /// Whether the first generation is still to be founded. Results observed elsewhere belong to
    /// it.
    pub(crate) fn is_founding(&self, space: &Space, history: &History) -> bool {
        let is_known = |origin| origin == Origin::Observed;
        let results = history.in_state(State::Completed);
        let known = results.filter(|trial| is_known(trial.origin())).count() as u64;
        history.tried() + known < self.population(space, history) as u64
    }

    /// A child of two parents or, as often as the rates say, of the first one only, mutated by
    /// `shift`: `dims`. `eta` is the distribution index of the crossover.
    pub(crate) fn breed(
        &self,
        space: &Space,
        [mother, father]: [&Lesson; 2],
        eta: f64,
        shift: impl Fn(f64, &mut Rng) -> f64,
        rng: &mut Rng,
    ) -> Vec<f64> {
        let is_crossed = rng.random_bool(self.crossover);
        let mut child = cross(space, [mother, if is_crossed { father } else { mother }], eta, rng);
        let rate = self.mutation.unwrap_or(1.0 / space.dims().max(1) as f64);
        mutate(space, &mut child, rate, shift, rng);
        child
    }
}

/// The better of two drawn by chance from `count`, of which the first is the best.
pub(crate) fn tournament(count: usize, rng: &mut Rng) -> usize {
    rng.random_range(0..count).min(rng.random_range(0..count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_options_are_refused_with_value_and_bound() {
        let message = |text: &str| {
            let options = serde_json::from_str(text).unwrap();
            BreedingOptions::read("genetic", &options).unwrap_err().to_string()
        };
        assert_eq!(
            message(r#"{"crossover": 2}"#),
            "`genetic`: `crossover` 2 is not between 0 and 1"
        );
        assert_eq!(message(r#"{"population": 1}"#), "`genetic`: `population` 1 is below 2");
        assert_eq!(message(r#"{"generations": 0}"#), "`genetic`: `generations` 0 is below 1");
    }
}
