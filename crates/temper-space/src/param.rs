//! One parameter of a space.

use crate::{Condition, Confidence, Domain, Value};

/// A parameter: its name, what it may be, and when it exists.
#[derive(Clone, Debug)]
pub struct Param {
    pub(crate) name: String,
    pub(crate) domain: Domain,
    pub(crate) default: Option<Value>,
    pub(crate) confidence: Option<Confidence>,
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

    /// How sure the person is of the default, if the file says so; only beside a default.
    pub fn confidence(&self) -> Option<Confidence> {
        self.confidence
    }

    /// When the parameter exists; `None` if always.
    pub fn condition(&self) -> Option<&Condition> {
        self.condition.as_ref()
    }
}
