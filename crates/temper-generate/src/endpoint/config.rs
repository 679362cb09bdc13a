//! Where an endpoint is, and how patiently it is asked.

use serde::{Deserialize, Serialize};

use super::error::EndpointError;

/// The longest time that may be set, in seconds: a day.
const LONGEST: f64 = 86_400.0;

/// Where an endpoint is, and how patiently it is asked. The key is not here, only the name of the
/// variable that holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointConfig {
    /// The base of the addresses, such as `http://127.0.0.1:8080/v1`.
    pub url: String,
    /// The model's name there.
    pub model: String,
    /// What is asked; a chat by default.
    #[serde(default)]
    pub api: Api,
    /// The environment variable with the key; by default none is sent.
    #[serde(default)]
    pub api_key_env: Option<String>,
    /// How long one attempt may take, in seconds; 120 by default.
    #[serde(default = "default_timeout")]
    pub timeout: f64,
    /// How often a request is tried again; 5 times by default.
    #[serde(default = "default_max_retries")]
    pub max_retries: u32,
    /// The bound of the first wait between attempts, in seconds; it doubles. 0.5 by default.
    #[serde(default = "default_first_wait")]
    pub first_wait: f64,
    /// The longest wait between attempts, in seconds, whoever asks for it; 120 by default.
    #[serde(default = "default_longest_wait")]
    pub longest_wait: f64,
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
            timeout: default_timeout(),
            max_retries: default_max_retries(),
            first_wait: default_first_wait(),
            longest_wait: default_longest_wait(),
        }
    }

    /// Checks what can be checked without asking.
    pub(super) fn check(&self) -> Result<(), EndpointError> {
        let rest = self.url.strip_prefix("http://").or(self.url.strip_prefix("https://"));
        let host = rest.and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let error = |name, value, range| Err(EndpointError::Config { name, value, range });
        if host.contains('@') {
            // It holds a password, which is not repeated.
            let range = "without a user; name the variable with the key in `api_key_env`";
            return error("url", "one with a user".to_owned(), range);
        }
        if host.is_empty() {
            return error("url", format!("`{}`", self.url), "an address, http:// or https://");
        }
        let times = [("timeout", self.timeout), ("first_wait", self.first_wait)];
        for (name, value) in times.into_iter().chain([("longest_wait", self.longest_wait)]) {
            if !(value > 0.0 && value <= LONGEST) {
                return error(name, value.to_string(), "above 0, up to 86400 seconds");
            }
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

fn default_timeout() -> f64 {
    120.0
}

fn default_max_retries() -> u32 {
    5
}

fn default_first_wait() -> f64 {
    0.5
}

fn default_longest_wait() -> f64 {
    120.0
}
