//! How well strategies search, on spaces of every kind: what they find, and what they waste.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use temper_core::Config;

mod auto;
mod bayes;
mod converged;
mod costs;
mod local;
mod noise;
mod promises;
mod spaces;
mod study;
mod two_goals;
mod versus_random;

fn number(config: &Config, name: &str) -> f64 {
    config.get(name).unwrap().as_f64().unwrap()
}
