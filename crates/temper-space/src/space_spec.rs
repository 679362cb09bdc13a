//! The `[space]` and `[require]` tables, as the file has them.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::ParamSpec;

/// The `[space]` table: parameter name to what was written about it, in the file's order.
///
/// Two are equal if they say the same; the order does not count.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SpaceSpec(pub IndexMap<String, ParamSpec>);

/// The `[require]` table: name to expression, in the file's order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequireSpec(pub IndexMap<String, String>);

impl<Name: Into<String>> FromIterator<(Name, ParamSpec)> for SpaceSpec {
    fn from_iter<I: IntoIterator<Item = (Name, ParamSpec)>>(params: I) -> Self {
        Self(params.into_iter().map(|(name, param)| (name.into(), param)).collect())
    }
}

impl<Name: Into<String>, Text: Into<String>> FromIterator<(Name, Text)> for RequireSpec {
    fn from_iter<I: IntoIterator<Item = (Name, Text)>>(requires: I) -> Self {
        Self(requires.into_iter().map(|(name, text)| (name.into(), text.into())).collect())
    }
}
