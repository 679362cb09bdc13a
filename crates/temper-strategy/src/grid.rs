//! Every combination of a few values of each parameter, each once.
//!
//! The points are visited in an order that spreads over the whole grid from the start, so that a
//! budget smaller than the grid has seen every part of it. For few parameters and cheap trials, or
//! when somebody wants to see a table.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use temper_core::{Config, Event, History, Next, Rng, Strategy, StrategyError};
use temper_space::Space;

mod axes;

use axes::Axes;

pub use axes::Resolution;

use crate::registry::{Entry, RegistryError, read_options};

const NAME: &str = "grid";

pub(crate) const ENTRY: Entry<dyn Strategy> = Entry {
    name: NAME,
    summary: "every combination of a few values of each parameter, each once",
    build: |options| Ok(Box::new(Grid::new(GridOptions::read(options)?))),
};

/// The options of the grid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GridOptions {
    /// How many values a numeric parameter takes that has no `step`: one number for all, or a
    /// table of numbers by parameter. Choices, ordinals and parameters with a `step` take all of
    /// their values.
    pub resolution: Resolution,
}

impl GridOptions {
    /// Reads the options of a study file.
    ///
    /// # Errors
    ///
    /// If one is unknown or has a wrong value.
    pub fn read(options: &crate::Options) -> Result<Self, RegistryError> {
        read_options(NAME, options)
    }
}

/// The grid strategy.
#[derive(Clone, Debug, Default)]
pub struct Grid {
    options: GridOptions,
    /// The configurations that were started, by their keys.
    seen: BTreeSet<String>,
    /// All places of the order before this one are seen or not allowed.
    cursor: u64,
}

impl Grid {
    /// A grid.
    #[must_use]
    pub fn new(options: GridOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// The number of combinations. Some of them may be ruled out by a requirement, and with
    /// conditional parameters some may be the same.
    ///
    /// # Errors
    ///
    /// If a resolution is of no numeric parameter, or there are too many combinations to number.
    pub fn combinations(&self, space: &Space) -> Result<u64, StrategyError> {
        Ok(Axes::new(space, &self.options.resolution)?.combinations())
    }

    /// The number of different configurations that the space allows; enumerates them.
    ///
    /// # Errors
    ///
    /// As [`Grid::combinations`].
    pub fn count(&self, space: &Space) -> Result<u64, StrategyError> {
        let axes = Axes::new(space, &self.options.resolution)?;
        let keys: BTreeSet<_> = (0..axes.combinations())
            .filter_map(|place| space.complete(axes.config(space, place)).ok())
            .map(|config| config.key())
            .collect();
        Ok(keys.len() as u64)
    }

    /// The next configuration that is allowed and was not started.
    fn advance(&mut self, space: &Space, axes: &Axes) -> Option<Config> {
        while self.cursor < axes.combinations() {
            match space.complete(axes.config(space, self.cursor)) {
                Ok(config) if !self.seen.contains(&config.key()) => return Some(config),
                _ => self.cursor += 1,
            }
        }
        None
    }
}

impl Strategy for Grid {
    fn ask(&mut self, space: &Space, _: &History, _: &mut Rng) -> Result<Next, StrategyError> {
        let axes = Axes::new(space, &self.options.resolution)?;
        Ok(self.advance(space, &axes).map_or(Next::Done, Next::start))
    }

    fn tell(&mut self, event: &Event) {
        if let Event::Started { config, .. } = event {
            self.seen.insert(config.key());
        }
    }
}

#[cfg(test)]
mod tests;
