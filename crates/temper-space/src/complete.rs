//! From a config to a runnable one.

use crate::expression::{Expression, NoValue};
use crate::{Config, Derived, Domain, Place, Require, Space, Unsatisfied, Value};

impl Space {
    /// Adds the derived values and the constants, and checks every require. This is the only way
    /// in which a config becomes runnable.
    ///
    /// A require does not apply, and a derived parameter is left out, where one of its variables
    /// is inactive.
    ///
    /// # Errors
    ///
    /// The first derived parameter that has no value, else the first require that is not true.
    pub fn complete(&self, config: Config) -> Result<Config, Unsatisfied> {
        let config = self.with_derived(config)?;
        for require in &self.requires {
            check(require, &config)?;
        }
        Ok(config)
    }

    /// The config with its constants and derived values.
    pub(crate) fn with_derived(&self, mut config: Config) -> Result<Config, Unsatisfied> {
        let active = self.active_params(&config);
        for (param, _) in self.params.iter().zip(active).filter(|(_, active)| *active) {
            if let (Domain::Const(value), None) = (&param.domain, config.get(&param.name)) {
                config.insert(&param.name, value.clone());
            }
        }
        for derived in &self.derived {
            match derive(derived, &config)? {
                Some(value) => config.insert(&derived.name, value),
                None => config.remove(&derived.name),
            };
        }
        Ok(config)
    }
}

/// The value of the derived parameter; `None` if it does not apply.
fn derive(derived: &Derived, config: &Config) -> Result<Option<Value>, Unsatisfied> {
    let no_value = |result: String| Unsatisfied::Derived {
        name: derived.name.clone(),
        expression: derived.expression().to_owned(),
        result,
        values: values(&derived.expression, config),
    };
    match derived.expression.evaluate(config) {
        Ok(result) => {
            let text = result.to_string();
            derived.finish(result).map(Some).ok_or_else(|| no_value(text))
        }
        Err(NoValue::Inactive) => Ok(None),
        Err(NoValue::Foreign { result }) => Err(no_value(result)),
        Err(NoValue::Broken { detail, .. }) => {
            let place = Place::Derived(derived.name.clone());
            Err(broken(place, &derived.expression, config, detail))
        }
    }
}

fn check(require: &Require, config: &Config) -> Result<(), Unsatisfied> {
    let (name, expression) = (|| require.name.clone(), || require.expression().to_owned());
    let not_bool = |result| Unsatisfied::NotBool { name: name(), expression: expression(), result };
    match require.expression.evaluate(config) {
        Ok(Value::Bool(true)) | Err(NoValue::Inactive) => Ok(()),
        Ok(Value::Bool(false)) => Err(Unsatisfied::Require {
            name: name(),
            expression: expression(),
            values: values(&require.expression, config),
        }),
        Ok(value) => Err(not_bool(value.to_string())),
        Err(NoValue::Foreign { result }) => Err(not_bool(result)),
        Err(NoValue::Broken { detail, .. }) => {
            Err(broken(Place::Require(name()), &require.expression, config, detail))
        }
    }
}

fn broken(place: Place, expression: &Expression, config: &Config, detail: String) -> Unsatisfied {
    let values = values(expression, config);
    Unsatisfied::Broken { place, expression: expression.text().to_owned(), values, detail }
}

/// The variables of the expression with their values, sorted by name.
fn values(expression: &Expression, config: &Config) -> Vec<(String, Value)> {
    let pair = |name: &String| config.get(name).map(|value| (name.clone(), value.clone()));
    expression.variables().iter().filter_map(pair).collect()
}
