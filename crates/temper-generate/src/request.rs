//! What a model is asked.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{GenerationSettings, Message};

/// What a model is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// What the model reads.
    pub input: Input,
    /// How its answer is sampled.
    pub settings: GenerationSettings,
    /// Which of several answers to the same input this is, from 0. It is added to the seed, if
    /// there is one: otherwise all samples would be the same.
    pub sample: u32,
}

/// What a model reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A chat.
    Messages(Vec<Message>),
    /// A text that it goes on with.
    Text(String),
}

/// The SHA-256 of everything that determines an answer, which it does not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestKey(pub(crate) [u8; 32]);

impl Request {
    /// The key of the answer that the generator of that [identity](crate::Generator::identity)
    /// gives.
    #[must_use]
    pub fn key(&self, identity: &Value) -> RequestKey {
        let input = match &self.input {
            Input::Messages(messages) => json!({"messages": messages}),
            Input::Text(text) => json!({"text": text}),
        };
        let all = canonical(&json!([identity, input, self.settings, self.sample]));
        RequestKey(Sha256::digest(all.to_string()).into())
    }

    /// The settings of this sample: those of the request, with a seed of its own.
    #[must_use]
    pub fn settings_of_sample(&self) -> GenerationSettings {
        let mut settings = self.settings.clone();
        settings.seed = settings.seed.map(|seed| seed.wrapping_add(self.sample.into()));
        settings
    }
}

impl RequestKey {
    /// A seed of what is drawn for this request.
    #[must_use]
    pub fn seed(self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }
}

/// The same with the keys of all objects in their order, which else depends on features of
/// `serde_json` that any crate may switch on.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut entries: Vec<_> = object.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let entries = entries.into_iter().map(|(key, value)| (key.clone(), canonical(value)));
            Value::Object(entries.collect())
        }
        Value::Array(values) => Value::Array(values.iter().map(canonical).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_depends_on_everything_but_the_order_of_keys() {
        let request = |temperature, sample| Request {
            input: Input::Text("1 + 1".to_owned()),
            settings: GenerationSettings { temperature, ..GenerationSettings::default() },
            sample,
        };
        let (one, other) = (json!({"url": "a", "model": "b"}), json!({"model": "b", "url": "a"}));
        let key = request(Some(0.5), 0).key(&one);
        assert_eq!(key, request(Some(0.5), 0).key(&other));
        assert_ne!(key, request(Some(0.5), 1).key(&one));
        assert_ne!(key, request(None, 0).key(&one));
        assert_ne!(key, request(Some(0.5), 0).key(&json!({"url": "a", "model": "c"})));
        let chat = Input::Messages(vec![Message::new(crate::Role::User, "1 + 1")]);
        assert_ne!(key, Request { input: chat, ..request(Some(0.5), 0) }.key(&one));
    }
}
