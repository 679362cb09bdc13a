//! A value, or a list of them.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{self, Deserializer, IntoDeserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

/// What a condition accepts: `"sgd"` or `["sgd", "rmsprop"]`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    /// One value, written without brackets.
    One(T),
    /// A list.
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    /// The values, in the order of the file.
    pub fn as_slice(&self) -> &[T] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrManyVisitor(PhantomData))
    }
}

#[derive(Debug)]
struct OneOrManyVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrManyVisitor<T> {
    type Value = OneOrMany<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or a list of values")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, values: A) -> Result<OneOrMany<T>, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(values)).map(OneOrMany::Many)
    }

    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<OneOrMany<T>, E> {
        T::deserialize(truth.into_deserializer()).map(OneOrMany::One)
    }

    fn visit_i64<E: de::Error>(self, int: i64) -> Result<OneOrMany<T>, E> {
        T::deserialize(int.into_deserializer()).map(OneOrMany::One)
    }

    fn visit_u64<E: de::Error>(self, int: u64) -> Result<OneOrMany<T>, E> {
        T::deserialize(int.into_deserializer()).map(OneOrMany::One)
    }

    fn visit_f64<E: de::Error>(self, float: f64) -> Result<OneOrMany<T>, E> {
        T::deserialize(float.into_deserializer()).map(OneOrMany::One)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<OneOrMany<T>, E> {
        T::deserialize(text.into_deserializer()).map(OneOrMany::One)
    }
}
