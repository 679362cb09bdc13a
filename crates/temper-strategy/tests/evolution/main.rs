//! The strategies that evolve a population: how much better than random draws they are, on spaces
//! of every kind.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use temper_core::Config;

mod promises;
mod spaces;
mod study;
mod two_goals;
mod versus_random;

fn number(config: &Config, name: &str) -> f64 {
    config.get(name).unwrap().as_f64().unwrap()
}
