//! One parameter, as a study file or a protocol writes it.

use std::fmt;

use indexmap::IndexMap;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::{Number, OneOrMany, Value};

/// One entry of a [`SpaceSpec`](crate::SpaceSpec): every key that a parameter of any type may
/// have. [`Space::new`](crate::Space::new) checks which of them go together.
///
/// A plain value in place of the table is short for a constant: `optimizer = "adamw"`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct ParamSpec {
    /// What the parameter is; a derived one has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<Kind>,
    /// The smallest value of a float or an int.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<Number>,
    /// The largest value of a float or an int.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<Number>,
    /// Whether the range is searched on a logarithmic scale. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<bool>,
    /// The distance between values. Default: 1 for an int, none for a float.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Number>,
    /// The values of a choice or an ordinal; `choices` is another name for it.
    #[serde(default, alias = "choices", skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Value>>,
    /// The value of a const.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The value to try first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// How sure the person is that good values lie near the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
    /// The parameter exists only if each of these parameters has one of these values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<IndexMap<String, OneOrMany<Value>>>,
    /// The expression that a derived parameter is computed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derive: Option<String>,
    /// A derived parameter is rounded to a multiple of this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multiple_of: Option<i64>,
    /// Which way a derived parameter is rounded. Default: nearest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<Round>,
}

/// The `type` of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Real numbers in a range.
    Float,
    /// Whole numbers in a range.
    Int,
    /// Values without an order.
    #[serde(alias = "categorical")]
    Choice,
    /// A list of numbers.
    Ordinal,
    /// One value.
    Const,
}

/// How sure a person is that good values lie near a parameter's default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// The default is a guess.
    Low,
    /// The default has worked for something similar.
    Medium,
    /// The default has worked for this.
    High,
}

/// Which way a derived parameter is rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Round {
    /// To the nearest multiple; half way, away from zero.
    #[default]
    Nearest,
    /// To the next larger multiple.
    Up,
    /// To the next smaller multiple.
    Down,
}

impl Kind {
    /// The name in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Float => "float",
            Self::Int => "int",
            Self::Choice => "choice",
            Self::Ordinal => "ordinal",
            Self::Const => "const",
        }
    }
}

impl ParamSpec {
    /// A constant.
    pub fn constant(value: impl Into<Value>) -> Self {
        Self { r#type: Some(Kind::Const), value: Some(value.into()), ..Self::default() }
    }

    /// The keys that are given.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'static str> {
        [
            ("type", self.r#type.is_some()),
            ("low", self.low.is_some()),
            ("high", self.high.is_some()),
            ("log", self.log.is_some()),
            ("step", self.step.is_some()),
            ("values", self.values.is_some()),
            ("value", self.value.is_some()),
            ("default", self.default.is_some()),
            ("confidence", self.confidence.is_some()),
            ("when", self.when.is_some()),
            ("derive", self.derive.is_some()),
            ("multiple_of", self.multiple_of.is_some()),
            ("round", self.round.is_some()),
        ]
        .into_iter()
        .filter_map(|(key, given)| given.then_some(key))
    }
}

impl Serialize for ParamSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for ParamSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ParamVisitor)
    }
}

#[derive(Debug)]
struct ParamVisitor;

impl<'de> Visitor<'de> for ParamVisitor {
    type Value = ParamSpec;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table such as { type = \"float\", low = 0.0, high = 1.0 } or a plain value")
    }

    // `ParamSpec::deserialize` is here the derived function, which reads a map and keeps the
    // places of its keys.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ParamSpec, A::Error> {
        ParamSpec::deserialize(MapAccessDeserializer::new(map))
    }

    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<ParamSpec, E> {
        constant(truth)
    }

    fn visit_i64<E: de::Error>(self, int: i64) -> Result<ParamSpec, E> {
        constant(int)
    }

    fn visit_u64<E: de::Error>(self, int: u64) -> Result<ParamSpec, E> {
        constant(int)
    }

    fn visit_f64<E: de::Error>(self, float: f64) -> Result<ParamSpec, E> {
        constant(float)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ParamSpec, E> {
        constant(text)
    }
}

/// A constant, with the checks of [`Value`]'s deserialisation.
fn constant<'de, E: de::Error>(plain: impl de::IntoDeserializer<'de, E>) -> Result<ParamSpec, E> {
    Value::deserialize(plain.into_deserializer()).map(ParamSpec::constant)
}

/// The keys that a type of parameter may have, and the derived kind.
pub(crate) fn keys_of(kind: &str) -> &'static [&'static str] {
    match kind {
        "float" | "int" => &["type", "low", "high", "log", "step", "default", "confidence", "when"],
        "choice" | "ordinal" => &["type", "values", "default", "confidence", "when"],
        "const" => &["type", "value", "when"],
        _ => &["derive", "multiple_of", "round"],
    }
}
