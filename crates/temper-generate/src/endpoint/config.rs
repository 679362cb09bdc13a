//! Where an endpoint is, and how patiently it is asked.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ureq::http::Uri;

use super::body::DECIDED;
use super::error::EndpointError;

/// The longest time that may be set, in seconds: a day.
const LONGEST: f64 = 86_400.0;

/// Where an endpoint is, and how patiently it is asked. The key is not here, only the name of the
/// variable that holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct EndpointConfig {
    /// The base of the addresses, such as `http://127.0.0.1:8080/v1`.
    pub url: String,
    /// The model's name there.
    pub model: String,
    /// What is asked; a chat by default.
    pub api: Api,
    /// The environment variable with the key; by default none is sent.
    pub api_key_env: Option<String>,
    /// How long one attempt may take, in seconds; 120 by default.
    pub request_timeout: f64,
    /// How often a request is tried again; 5 times by default.
    pub max_retries: u32,
    /// The bound of the first wait between attempts, in seconds; it doubles. 0.5 by default.
    pub first_wait: f64,
    /// The longest wait between attempts, in seconds, whoever asks for it; 120 by default.
    pub longest_wait: f64,
    /// What the longest answer is called in requests; `max_tokens` by default.
    pub max_tokens_field: MaxTokensField,
    /// What else each request says, such as `{chat_template_kwargs = {enable_thinking = false}}`;
    /// by default nothing. Answers are taken to depend on it.
    pub extra_body: Map<String, Value>,
}

impl EndpointConfig {
    /// The defaults, for a model at a base address.
    #[must_use]
    pub fn new(url: &str, model: &str) -> Self {
        Self {
            url: url.to_owned(),
            model: model.to_owned(),
            api: Api::default(),
            api_key_env: None,
            request_timeout: 120.0,
            max_retries: 5,
            first_wait: 0.5,
            longest_wait: 120.0,
            max_tokens_field: MaxTokensField::default(),
            extra_body: Map::new(),
        }
    }

    /// Checks what can be checked without asking.
    ///
    /// # Errors
    ///
    /// [`EndpointError::Config`] or [`EndpointError::Decided`].
    pub fn check(&self) -> Result<(), EndpointError> {
        self.check_url()?;
        let times = [("request_timeout", self.request_timeout), ("first_wait", self.first_wait)];
        for (name, value) in times.into_iter().chain([("longest_wait", self.longest_wait)]) {
            if !(value > 0.0 && value <= LONGEST) {
                return out_of_range(name, value.to_string(), "above 0, up to 86400 seconds");
            }
        }
        match self.extra_body.keys().find(|key| DECIDED.contains(&key.as_str())) {
            Some(key) => Err(EndpointError::Decided { key: key.clone() }),
            None => Ok(()),
        }
    }

    /// A user or a query may hold a password, and is not repeated.
    fn check_url(&self) -> Result<(), EndpointError> {
        if self.url.contains('@') {
            let range = "without a user; name the variable with the key in `api_key_env`";
            return out_of_range("url", "one with a user".to_owned(), range);
        }
        if self.url.contains(['?', '#']) {
            return out_of_range("url", "one with a query".to_owned(), "the base of addresses");
        }
        let uri = self.url.parse::<Uri>().ok();
        let scheme = uri.as_ref().and_then(Uri::scheme_str);
        if !matches!(scheme, Some("http" | "https")) {
            let range = "an address that begins with http:// or https://";
            return out_of_range("url", format!("`{}`", self.url), range);
        }
        Ok(())
    }

    /// The address that requests go to.
    #[must_use]
    pub fn address(&self) -> String {
        let path = match self.api {
            Api::Chat => "chat/completions",
            Api::Completions => "completions",
        };
        format!("{}/{path}", self.url.trim_end_matches('/'))
    }
}

/// Which of its interfaces an endpoint is asked by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Api {
    /// Messages: `/chat/completions`.
    #[default]
    Chat,
    /// A text that goes on: `/completions`.
    Completions,
}

/// What the longest answer is called in requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaxTokensField {
    /// `max_tokens`, which nearly all servers know.
    #[default]
    MaxTokens,
    /// `max_completion_tokens`, which `OpenAI`'s reasoning models want.
    MaxCompletionTokens,
}

impl MaxTokensField {
    /// That name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::MaxTokens => "max_tokens",
            Self::MaxCompletionTokens => "max_completion_tokens",
        }
    }
}

fn out_of_range(
    name: &'static str,
    value: String,
    range: &'static str,
) -> Result<(), EndpointError> {
    Err(EndpointError::Config { name, value, range })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_in_their_bounds() {
        let default = EndpointConfig::new("http://127.0.0.1:8080/v1", "tiny");
        assert_eq!(default.check(), Ok(()));
        assert_eq!(default.address(), "http://127.0.0.1:8080/v1/chat/completions");
    }

    #[test]
    fn what_is_wrong_with_a_config_is_named_without_secrets() {
        let said = |change: &dyn Fn(&mut EndpointConfig)| {
            let mut config = EndpointConfig::new("http://127.0.0.1:8080/v1", "tiny");
            change(&mut config);
            config.check().expect_err("it is wrong").to_string()
        };
        let of_url = |url: &str| said(&|config| url.clone_into(&mut config.url));
        for url in ["127.0.0.1:8080/v1", "ftp://example.com", "http://", "http://a b/v1", ""] {
            let address = "an address that begins with http:// or https://";
            assert_eq!(
                of_url(url),
                format!("`url` of the endpoint is `{url}`, but must be {address}")
            );
        }
        assert!(!of_url("http://me:secret@example.com/v1").contains("secret"));
        assert!(!of_url("http://example.com/v1?key=secret").contains("secret"));
        assert_eq!(
            said(&|config| config.request_timeout = f64::NAN),
            "`request_timeout` of the endpoint is NaN, but must be above 0, up to 86400 seconds"
        );
        assert_eq!(
            said(&|config| drop(config.extra_body.insert("seed".to_owned(), Value::from(1)))),
            "`extra_body` of the endpoint can't hold `seed`, which requests decide themselves"
        );
    }
}
