//! A client of endpoints that speak as `OpenAI`'s do.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{Completion, GenerateError, Generator, Input, Request};

mod api_key;
mod breaker;
mod completion;
mod config;
mod error;
mod trouble;
mod wait;

use api_key::ApiKey;
use completion::{Unreadable, parse};
use trouble::Trouble;
use wait::{backoff, retry_after};

pub use breaker::CircuitBreaker;
pub use config::{Api, EndpointConfig};
pub use error::EndpointError;
pub use wait::{Pause, Sleep};

/// A client of one model at one address, which threads share.
pub struct Endpoint {
    config: EndpointConfig,
    key: Option<ApiKey>,
    agent: ureq::Agent,
    breaker: Arc<CircuitBreaker>,
    pause: Box<dyn Pause>,
}

impl Endpoint {
    /// Reads the key and prepares everything; asks nothing yet.
    ///
    /// # Errors
    ///
    /// [`EndpointError::Config`] or [`EndpointError::NoKey`].
    pub fn new(
        config: EndpointConfig,
        breaker: Arc<CircuitBreaker>,
        pause: Box<dyn Pause>,
    ) -> Result<Self, EndpointError> {
        config.check()?;
        let key = ApiKey::read(&config)?;
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs_f64(config.timeout)))
            .http_status_as_error(false)
            .max_redirects(0) // a redirected POST would lose its body
            .max_redirects_will_error(false)
            .build()
            .new_agent();
        Ok(Self { config, key, agent, breaker, pause })
    }

    /// Where it is.
    #[must_use]
    pub fn config(&self) -> &EndpointConfig {
        &self.config
    }

    /// Asks until there is an answer, or no prospect of one.
    ///
    /// # Errors
    ///
    /// See [`EndpointError`]: of the last attempt, or [`EndpointError::Open`] if nothing was asked.
    pub fn complete(&self, request: &Request) -> Result<Completion, EndpointError> {
        let key = request.key(&self.identity());
        let body = self.body(request)?;
        let mut attempt = 0;
        let trouble = loop {
            self.check_breaker()?;
            let trouble = match self.attempt(&body) {
                Ok(completion) => {
                    self.breaker.record_success();
                    return Ok(completion);
                }
                Err(trouble) => trouble,
            };
            if !trouble.may_pass() || attempt >= self.config.max_retries {
                break trouble;
            }
            let asked_for = trouble.wait();
            if let Some(wait) = asked_for.filter(|wait| *wait > self.config.longest_wait) {
                self.breaker.record_failure();
                let (url, longest) = (self.config.address(), self.config.longest_wait);
                return Err(EndpointError::WaitTooLong { url, wait, longest });
            }
            // The jitter keeps those apart whom the server told the same time.
            let wait = asked_for.unwrap_or(0.0) + backoff(&self.config, key, attempt);
            self.pause.pause(Duration::from_secs_f64(wait));
            attempt += 1;
        };
        let error = trouble.into_error(&self.config, attempt + 1);
        // What is refused for what it is says nothing of the next request.
        if !matches!(error, EndpointError::Refused { .. }) {
            self.breaker.record_failure();
        }
        Err(error)
    }

    fn check_breaker(&self) -> Result<(), EndpointError> {
        match self.breaker.opened_by() {
            Some(failures) => Err(EndpointError::Open { url: self.config.address(), failures }),
            None => Ok(()),
        }
    }

    fn attempt(&self, body: &Value) -> Result<Completion, Trouble> {
        let started = Instant::now();
        let mut post = self.agent.post(self.config.address());
        if let Some(key) = &self.key {
            post = post.header("authorization", key.header());
        }
        let mut response = post.send_json(body).map_err(Trouble::of_connection)?;
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let wait = header("retry-after").and_then(|value| retry_after(value, header("date")));
        let status = response.status().as_u16();
        let text = response.body_mut().read_to_string().map_err(Trouble::of_connection)?;
        if status != 200 {
            let said = self.key.as_ref().map_or_else(|| text.clone(), |key| key.hide(&text));
            return Err(Trouble::Status { status, said, wait });
        }
        parse(&text, started.elapsed().as_secs_f64()).map_err(|unreadable| match unreadable {
            Unreadable::Malformed(reason) => Trouble::Malformed(reason),
            Unreadable::NoChoices => Trouble::NoChoices,
        })
    }
}

impl Endpoint {
    /// What is sent.
    fn body(&self, request: &Request) -> Result<Value, EndpointError> {
        request.settings.check()?;
        let mut body = json!(request.settings_of_sample());
        body["model"] = json!(self.config.model);
        match (self.config.api, &request.input) {
            (Api::Chat, Input::Messages(messages)) => body["messages"] = json!(messages),
            (Api::Chat, Input::Text(text)) => {
                body["messages"] = json!([{"role": "user", "content": text}]);
            }
            (Api::Completions, Input::Text(text)) => body["prompt"] = json!(text),
            (Api::Completions, Input::Messages(_)) => {
                return Err(EndpointError::MessagesToCompletions { url: self.config.address() });
            }
        }
        Ok(body)
    }
}

impl Generator for Endpoint {
    fn identity(&self) -> Value {
        json!({"address": self.config.address(), "model": self.config.model})
    }

    fn complete(&self, request: &Request) -> Result<Completion, GenerateError> {
        Self::complete(self, request).map_err(GenerateError::from)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Endpoint").field("config", &self.config).finish_non_exhaustive()
    }
}
