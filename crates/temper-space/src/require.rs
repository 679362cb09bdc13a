//! A relation between parameters.

use crate::expression::Expression;

/// An expression that has to be true for a config to be run.
///
/// It does not apply where one of its parameters is inactive.
#[derive(Clone, Debug)]
pub struct Require {
    pub(crate) name: String,
    pub(crate) expression: Expression,
}

impl Require {
    /// The key in the `[require]` table.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The expression, as the file has it.
    pub fn expression(&self) -> &str {
        self.expression.text()
    }

    /// The names that the expression uses, sorted.
    pub fn variables(&self) -> &[String] {
        self.expression.variables()
    }
}
