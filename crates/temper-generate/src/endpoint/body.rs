//! What an endpoint is sent.

use serde_json::{Value, json};

use super::config::{Api, EndpointConfig};
use super::error::EndpointError;
use crate::{Input, Request};

/// What requests decide themselves, and nobody else.
pub(super) const DECIDED: [&str; 17] = [
    "model",
    "messages",
    "prompt",
    "stream",
    "n",
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "max_tokens",
    "max_completion_tokens",
    "frequency_penalty",
    "presence_penalty",
    "repetition_penalty",
    "repeat_penalty",
    "seed",
    "stop",
];

/// The body of a request.
pub(super) fn body(config: &EndpointConfig, request: &Request) -> Result<Value, EndpointError> {
    request.settings.check()?;
    let mut settings = request.settings_of_sample();
    let max_tokens = settings.max_tokens.take();
    let mut body = json!(settings);
    body["model"] = json!(config.model);
    match (config.api, &request.input) {
        (Api::Chat, Input::Messages(messages)) => body["messages"] = json!(messages),
        (Api::Chat, Input::Text(text)) => {
            body["messages"] = json!([{"role": "user", "content": text}]);
        }
        (Api::Completions, Input::Text(text)) => body["prompt"] = json!(text),
        (Api::Completions, Input::Messages(_)) => {
            return Err(EndpointError::MessagesToCompletions { url: config.address() });
        }
    }
    if let Some(penalty) = settings.repetition_penalty {
        body["repeat_penalty"] = json!(penalty); // its name in llama.cpp; vLLM's is the other
    }
    if let Some(tokens) = max_tokens {
        body[config.max_tokens_field.name()] = json!(tokens);
    }
    for (key, value) in &config.extra_body {
        body[key] = value.clone();
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{GenerationSettings, Message, Role};

    #[test]
    fn all_that_a_body_holds_is_decided_by_the_request() {
        let settings = GenerationSettings {
            temperature: Some(0.5),
            top_p: Some(0.5),
            top_k: Some(5),
            min_p: Some(0.5),
            max_tokens: Some(5),
            frequency_penalty: Some(0.5),
            presence_penalty: Some(0.5),
            repetition_penalty: Some(1.5),
            seed: Some(5),
            stop: vec!["5".to_owned()],
        };
        let config = EndpointConfig::new("http://127.0.0.1/v1", "tiny");
        let messages = Input::Messages(vec![Message::new(Role::User, "5")]);
        for (api, input) in [(Api::Chat, messages), (Api::Completions, Input::Text("5".into()))] {
            let request = Request { input, settings: settings.clone(), sample: 0 };
            let body = body(&EndpointConfig { api, ..config.clone() }, &request).unwrap();
            let keys: Vec<_> = body.as_object().expect("it is one").keys().collect();
            assert_eq!(keys.len(), 13, "{keys:?}");
            assert!(keys.iter().all(|key| DECIDED.contains(&key.as_str())), "{keys:?}");
        }
    }
}
