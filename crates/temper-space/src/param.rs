//! One parameter of a space.

use crate::{Condition, Domain, Value};

/// A parameter: its name, what it may be, and when it exists.
#[derive(Clone, Debug)]
pub struct Param {
    pub(crate) name: String,
    pub(crate) domain: Domain,
    pub(crate) default: Option<Value>,
    pub(crate) condition: Option<Condition>,
}

impl Param {
    /// The key in the `[space]` table.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The values it may take.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// The value to try first, if the file gives one; it lies in the domain.
    pub fn default(&self) -> Option<&Value> {
        self.default.as_ref()
    }

    /// When the parameter exists; `None` if always.
    pub fn condition(&self) -> Option<&Condition> {
        self.condition.as_ref()
    }
}
