//! The search space: its parameters, and the codec to the unit cube.

use std::collections::BTreeMap;

use crate::{Config, Derived, Domain, Param, Require, RequireSpec, SpaceSpec, Value};

/// A space that is valid: names are unique, ranges are not empty, conditions and derived
/// parameters go in no circle, expressions parse.
///
/// Strategies work in the unit cube, which has one dimension for each parameter that is not
/// constant. A point becomes a config by [`Space::decode`], and a config runnable by
/// [`Space::complete`].
#[derive(Clone, Debug)]
pub struct Space {
    /// In topological order.
    pub(crate) params: Vec<Param>,
    /// Name to index into `params`.
    pub(crate) positions: BTreeMap<String, usize>,
    /// Indices into `params`, one for each dimension.
    pub(crate) axes: Vec<usize>,
    /// In topological order.
    pub(crate) derived: Vec<Derived>,
    pub(crate) requires: Vec<Require>,
    pub(crate) spec: SpaceSpec,
    pub(crate) require_spec: RequireSpec,
}

impl Space {
    /// The parameters without the derived ones: each after those that its condition names,
    /// otherwise in the file's order.
    pub fn params(&self) -> &[Param] {
        &self.params
    }

    /// The parameter of this name; `None` also for a derived one.
    pub fn param(&self, name: &str) -> Option<&Param> {
        self.positions.get(name).map(|&index| &self.params[index])
    }

    /// The derived parameters: each after those that its expression names, otherwise in the
    /// file's order.
    pub fn derived(&self) -> &[Derived] {
        &self.derived
    }

    /// The relations that a config has to satisfy, in the file's order.
    pub fn requires(&self) -> &[Require] {
        &self.requires
    }

    /// The number of dimensions of the unit cube: one for each parameter that is not constant.
    pub fn dims(&self) -> usize {
        self.axes.len()
    }

    /// The parameter of each dimension.
    pub fn axes(&self) -> impl Iterator<Item = &Param> {
        self.axes.iter().map(|&index| &self.params[index])
    }

    /// The `[space]` table as given: stored in the log, and compared when a study resumes.
    pub fn spec(&self) -> &SpaceSpec {
        &self.spec
    }

    /// The `[require]` table as given.
    pub fn require_spec(&self) -> &RequireSpec {
        &self.require_spec
    }

    /// The number of configurations if every dimension is discrete, `None` otherwise. An upper
    /// bound, which ignores conditions and requires, and stops at `u64::MAX`.
    pub fn size(&self) -> Option<u64> {
        self.axes().try_fold(1u64, |size, axis| Some(size.saturating_mul(axis.domain.levels()?)))
    }

    /// The config at a point of the unit cube: active parameters and constants. Derived
    /// parameters are not computed; [`Space::complete`] does it.
    ///
    /// Total: coordinates are clamped to the unit interval; one that is missing or not a number
    /// counts as 0.5.
    ///
    /// `point`: `dims`.
    pub fn decode(&self, point: &[f64]) -> Config {
        let mut config = Config::new();
        let mut axis = 0;
        for param in &self.params {
            let place = point.get(axis).copied().unwrap_or(0.5);
            axis += usize::from(!param.domain.is_const());
            if param.condition.as_ref().is_none_or(|condition| condition.holds(&config)) {
                config.insert(&param.name, param.domain.decode(place));
            }
        }
        config
    }

    /// The point of the unit cube where the config lies, `dims` coordinates. Inactive and missing
    /// parameters are at 0.5.
    pub fn encode(&self, config: &Config) -> Vec<f64> {
        let active = self.active_params(config);
        let place = |&index: &usize| {
            let param = &self.params[index];
            let value = config.get(&param.name).filter(|_| active[index]);
            value.map_or(0.5, |value| param.domain.encode(value))
        };
        self.axes.iter().map(place).collect()
    }

    /// For each dimension, whether its parameter exists in the config.
    pub fn active(&self, config: &Config) -> Vec<bool> {
        let active = self.active_params(config);
        self.axes.iter().map(|&index| active[index]).collect()
    }

    /// The config to try first: each active parameter's default, or the middle of its domain
    /// where it has none. `None` if no parameter has a default. Not completed.
    pub fn default_config(&self) -> Option<Config> {
        self.params.iter().any(|param| param.default.is_some()).then(|| {
            let mut config = Config::new();
            for param in &self.params {
                if param.condition.as_ref().is_none_or(|condition| condition.holds(&config)) {
                    let middle = || param.domain.decode(0.5);
                    config.insert(&param.name, param.default.clone().unwrap_or_else(middle));
                }
            }
            config
        })
    }

    /// For each of `params`, whether it exists in the config.
    pub(crate) fn active_params(&self, config: &Config) -> Vec<bool> {
        let mut active: Vec<bool> = Vec::with_capacity(self.params.len());
        for param in &self.params {
            let is_active = param.condition.as_ref().is_none_or(|condition| {
                condition.parents().all(|(parent, accepted)| {
                    let index = self.positions[parent];
                    let value = self.value(index, config);
                    active[index] && value.is_some_and(|value| accepted.contains(value))
                })
            });
            active.push(is_active);
        }
        active
    }

    /// The value of a parameter; a constant need not be in the config.
    fn value<'a>(&'a self, index: usize, config: &'a Config) -> Option<&'a Value> {
        let param = &self.params[index];
        config.get(&param.name).or(match &param.domain {
            Domain::Const(value) => Some(value),
            _ => None,
        })
    }
}
