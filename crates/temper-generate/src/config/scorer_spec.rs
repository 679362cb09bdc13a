//! A scorer as it is written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Item, Options};

/// A scorer as it is written: its name, or a table with its name, what it is told of (`metric`), to
/// which items it applies (`when`) and its options.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct ScorerSpec {
    /// Which one.
    pub name: String,
    /// The name of the number that it adds to; default: its own.
    metric: Option<String>,
    /// Fields with the texts that an item must have for it to apply; none: it applies to all.
    pub(super) when: BTreeMap<String, String>,
    /// Its options.
    pub options: Options,
}

impl ScorerSpec {
    /// The name of the number that it adds to: the mean over all items to which a scorer of this
    /// metric applies.
    #[must_use]
    pub fn metric(&self) -> &str {
        self.metric.as_deref().unwrap_or(&self.name)
    }

    /// Whether it applies to that item.
    #[must_use]
    pub fn applies(&self, item: &Item) -> bool {
        self.when.iter().all(|(field, value)| item.fields.get(field) == Some(value))
    }
}

impl TryFrom<Value> for ScorerSpec {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let mut options = match value {
            Value::String(name) => {
                let (metric, when) = (None, BTreeMap::new());
                return Ok(Self { name, metric, when, options: Options::new() });
            }
            Value::Object(options) => options,
            other => return Err(format!("`{other}` is no scorer: give its name, or a table")),
        };
        let mut take = |key: &str| options.remove(key);
        let text = |key: &str, value: Option<Value>| match value {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(format!("`{key}` of a scorer is {other}, not a text")),
        };
        let name = text("name", take("name"))?;
        let name = name.ok_or("a scorer has no `name`")?;
        let metric = text("metric", take("metric"))?;
        let when = match take("when") {
            None => BTreeMap::new(),
            Some(when) => serde_json::from_value(when).map_err(|error| {
                format!("`when` of scorer `{name}` must be fields and their texts: {error}")
            })?,
        };
        Ok(Self { name, metric, when, options })
    }
}

impl From<ScorerSpec> for Value {
    fn from(spec: ScorerSpec) -> Value {
        let mut table = spec.options;
        table.insert("name".into(), spec.name.into());
        if let Some(metric) = spec.metric {
            table.insert("metric".into(), metric.into());
        }
        if !spec.when.is_empty() {
            let when = spec.when.into_iter().map(|(field, value)| (field, value.into()));
            table.insert("when".into(), Value::Object(when.collect()));
        }
        Value::Object(table)
    }
}
