//! Python-like expressions over the parameters.

use std::fmt;
use std::sync::{Arc, LazyLock};

use minijinja::value::Object;
use minijinja::{Environment, ErrorKind, UndefinedBehavior};

use crate::functions::{FUNCTIONS, add_functions};
use crate::{Config, Value};

/// The language: operators and the functions of [`FUNCTIONS`], nothing else. An undefined name
/// is an error.
static LANGUAGE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut language = Environment::empty();
    language.set_undefined_behavior(UndefinedBehavior::Strict);
    add_functions(&mut language);
    language
});

/// A compiled expression; cheap to clone.
#[derive(Clone)]
pub(crate) struct Expression {
    text: Arc<str>,
    variables: Arc<[String]>,
    compiled: Arc<minijinja::Expression<'static, 'static>>,
}

/// Why an expression has no value for a config.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum NoValue {
    /// A variable has no value, because its parameter is inactive.
    Inactive,
    /// The operators or functions do not take these values; or, ill formed, any values.
    Broken { ill_formed: bool, detail: String },
    /// The result is a list or the like.
    Foreign { result: String },
}

impl Expression {
    /// Compiles the text.
    ///
    /// # Errors
    ///
    /// Says what the parser stumbled over.
    pub(crate) fn compile(text: &str) -> Result<Self, String> {
        let compiled =
            LANGUAGE.compile_expression_owned(text.to_owned()).map_err(|error| detail(&error))?;
        let mut variables: Vec<_> = compiled.undeclared_variables(false).into_iter().collect();
        variables.sort();
        Ok(Self { text: text.into(), variables: variables.into(), compiled: Arc::new(compiled) })
    }

    /// The same expression, with the names of functions taken out of the variables, unless
    /// parameters have them.
    pub(crate) fn without_functions(mut self, is_param: impl Fn(&str) -> bool) -> Self {
        let is_variable = |name: &&String| is_param(name) || !FUNCTIONS.contains(&name.as_str());
        self.variables = self.variables.iter().filter(is_variable).cloned().collect();
        self
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The names it uses, sorted.
    pub(crate) fn variables(&self) -> &[String] {
        &self.variables
    }

    /// The value for a config. A number may be infinite or not a number.
    ///
    /// # Errors
    ///
    /// If a variable is missing, or the computation fails.
    pub(crate) fn evaluate(&self, config: &Config) -> Result<Value, NoValue> {
        let values: Option<Vec<_>> =
            self.variables.iter().map(|name| config.get(name).map(to_language)).collect();
        let values = values.ok_or(NoValue::Inactive)?;
        let scope = Scope { names: Arc::clone(&self.variables), values };
        let result = self.compiled.eval(minijinja::Value::from_object(scope));
        let result = result.map_err(|error| NoValue::Broken {
            ill_formed: is_ill_formed(error.kind()),
            detail: detail(&error),
        })?;
        from_language(&result).ok_or_else(|| NoValue::Foreign { result: result.to_string() })
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.text).finish()
    }
}

/// The variables of one evaluation; `names` are sorted, `values` in their order.
#[derive(Debug)]
struct Scope {
    names: Arc<[String]>,
    values: Vec<minijinja::Value>,
}

impl Object for Scope {
    fn get_value(self: &Arc<Self>, key: &minijinja::Value) -> Option<minijinja::Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<minijinja::Value> {
        let index = self.names.binary_search_by(|name| name.as_str().cmp(key)).ok()?;
        self.values.get(index).cloned()
    }
}

fn to_language(value: &Value) -> minijinja::Value {
    match value {
        Value::Bool(truth) => (*truth).into(),
        Value::Int(int) => (*int).into(),
        Value::Float(float) => (*float).into(),
        Value::Text(text) => text.as_str().into(),
    }
}

fn from_language(result: &minijinja::Value) -> Option<Value> {
    use minijinja::value::ValueKind;
    match result.kind() {
        ValueKind::Bool => Some(Value::Bool(result.is_true())),
        ValueKind::Number => {
            let int = result.is_integer().then(|| result.as_i64()).flatten();
            int.map(Value::Int).or_else(|| f64::try_from(result.clone()).ok().map(Value::Float))
        }
        ValueKind::String => result.as_str().map(Value::from),
        _ => None,
    }
}

fn detail(error: &minijinja::Error) -> String {
    error.detail().map_or_else(|| error.kind().to_string(), str::to_owned)
}

fn is_ill_formed(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UnknownFilter
            | ErrorKind::UnknownTest
            | ErrorKind::UnknownFunction
            | ErrorKind::UnknownMethod
            | ErrorKind::TooManyArguments
            | ErrorKind::MissingArgument
    )
}
