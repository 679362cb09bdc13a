//! Checks a config that a person wrote.

use crate::nearest::nearest;
use crate::{Config, Space, SpaceError};

impl Space {
    /// Checks a config that a person gives, such as a starting point: every active parameter has
    /// a value of its domain, and nothing else has one. Constants may be left out; so may derived
    /// parameters, and otherwise they have to be what the space computes. Requires are left to
    /// [`Space::complete`].
    ///
    /// # Errors
    ///
    /// The first unknown name, else the first parameter, in the order of [`Space::params`], whose
    /// value is missing, outside the domain or not wanted.
    pub fn validate(&self, config: &Config) -> Result<(), SpaceError> {
        let known = |name: &str| self.spec.0.contains_key(name);
        if let Some((name, _)) = config.iter().find(|(name, _)| !known(name)) {
            let nearest = nearest(name, self.spec.0.keys().map(String::as_str));
            return Err(SpaceError::UnknownName { name: name.to_owned(), nearest });
        }
        for (param, active) in self.params.iter().zip(self.active_params(config)) {
            let (name, domain) = (param.name.clone(), &param.domain);
            match (config.get(&name), &param.condition) {
                (None, _) if active && !domain.is_const() => {
                    return Err(SpaceError::MissingValue { param: name, domain: domain.clone() });
                }
                (Some(_), Some(condition)) if !active => {
                    let condition = condition.clone();
                    return Err(SpaceError::InactiveValue { param: name, condition });
                }
                (Some(value), _) if !domain.contains(value) => {
                    let (value, domain) = (value.clone(), domain.clone());
                    return Err(SpaceError::OutsideValue { param: name, value, domain });
                }
                _ => {}
            }
        }
        self.check_derived(config)
    }

    /// Compares the derived values that the config has with the computed ones. Where they can't
    /// be computed, [`Space::complete`] says so.
    fn check_derived(&self, config: &Config) -> Result<(), SpaceError> {
        let Ok(computed) = self.with_derived(config.clone()) else {
            return Ok(());
        };
        for derived in &self.derived {
            let (given, own) = (config.get(&derived.name), computed.get(&derived.name));
            if let Some(value) = given.filter(|_| given != own) {
                return Err(SpaceError::DerivedValue {
                    param: derived.name.clone(),
                    value: value.clone(),
                    expression: derived.expression().to_owned(),
                    computed: own.map_or_else(|| "nothing here".to_owned(), ToString::to_string),
                });
            }
        }
        Ok(())
    }
}
