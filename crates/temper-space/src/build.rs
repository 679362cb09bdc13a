//! From the study file's tables to a valid space.

use crate::expression::{Expression, NoValue};
use crate::read_expressions::{read_derived, read_requires};
use crate::read_params::read_params;
use crate::{Config, Param, Place, RequireSpec, Space, SpaceError, SpaceSpec, Value};

impl Space {
    /// Checks the two tables and builds the space.
    ///
    /// # Errors
    ///
    /// The first mistake, in the order: parameters, conditions, derived parameters, requires,
    /// defaults. Whether any config satisfies the requires is left to [`Space::probe`].
    pub fn new(params: &SpaceSpec, require: &RequireSpec) -> Result<Self, SpaceError> {
        let (spec, require_spec) = (params.clone(), require.clone());
        let params = read_params(params)?;
        let derived = read_derived(&spec)?;
        let requires = read_requires(&spec, require)?;
        let positions = params.iter().enumerate().map(|(i, param)| (param.name.clone(), i));
        let axes = (0..params.len()).filter(|&index| !params[index].domain.is_const());
        let (positions, axes) = (positions.collect(), axes.collect());
        let space = Self { params, positions, axes, derived, requires, spec, require_spec };
        space.try_expressions()?;
        space.try_defaults()?;
        Ok(space)
    }

    /// Evaluates each expression once, in the middle of the space, to find words that do not
    /// exist, calls with too few arguments, and requires that are no truth values. Failures that depend on the values are none
    /// of its business.
    fn try_expressions(&self) -> Result<(), SpaceError> {
        let middle = |param: &Param| (param.name.clone(), param.domain.decode(0.5));
        let mut config: Config = self.params.iter().map(middle).collect();
        for derived in &self.derived {
            match derived.expression.evaluate(&config) {
                Ok(result) => {
                    if let Some(value) = derived.finish(result) {
                        config.insert(&derived.name, value);
                    }
                }
                Err(reason) => {
                    let place = Place::Derived(derived.name.clone());
                    refuse_ill_formed(place, &derived.expression, reason)?;
                }
            }
        }
        for require in &self.requires {
            let (name, expression) = (require.name.clone(), require.expression().to_owned());
            match require.expression.evaluate(&config) {
                Ok(Value::Bool(_)) => {}
                Ok(value) => {
                    let result = value.to_string();
                    return Err(SpaceError::NotBool { name, expression, result });
                }
                Err(NoValue::Foreign { result }) => {
                    return Err(SpaceError::NotBool { name, expression, result });
                }
                Err(reason) => {
                    refuse_ill_formed(Place::Require(name), &require.expression, reason)?;
                }
            }
        }
        Ok(())
    }

    /// Defaults for every active parameter are a config that the person wrote: it has to run.
    fn try_defaults(&self) -> Result<(), SpaceError> {
        let Some(config) = self.default_config() else {
            return Ok(());
        };
        let is_explicit = |param: &Param| {
            param.default.is_some() || param.domain.is_const() || !config.contains(&param.name)
        };
        if !self.params.iter().all(is_explicit) {
            return Ok(());
        }
        match self.complete(config) {
            Ok(_) => Ok(()),
            Err(unsatisfied) => Err(SpaceError::DefaultsBreak { unsatisfied }),
        }
    }
}

fn refuse_ill_formed(
    place: Place,
    expression: &Expression,
    reason: NoValue,
) -> Result<(), SpaceError> {
    match reason {
        NoValue::Broken { ill_formed: true, detail } => {
            let expression = expression.text().to_owned();
            Err(SpaceError::Syntax { place, expression, detail })
        }
        _ => Ok(()),
    }
}
