//! A client of endpoints that speak as `OpenAI`'s do.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{Completion, GenerateError, GenerationSettings, Generator, Input, Request};

mod agent;
mod api_key;
mod body;
mod breaker;
mod completion;
mod config;
mod error;
mod said;
mod trouble;
mod wait;

use agent::agent;
use api_key::ApiKey;
use body::body;
use completion::{Unreadable, parse};
use said::Said;
use trouble::Trouble;
use wait::{backoff, retry_after};

use breaker::CircuitBreaker;
pub use config::{Api, EndpointConfig, MaxTokensField};
pub use error::EndpointError;
pub use wait::{Pause, Sleep};

/// What is said to find out whether anybody is there.
const GREETING: &str = "Hi";

/// A client of one model at one address, which threads share.
pub struct Endpoint {
    config: EndpointConfig,
    key: Option<ApiKey>,
    agent: ureq::Agent,
    breaker: CircuitBreaker,
    pause: Box<dyn Pause>,
    /// Tokens of answers that were of no use, read and written.
    wasted: Mutex<(u64, u64)>,
}

impl Endpoint {
    /// Reads the key and prepares everything; asks nothing yet.
    ///
    /// # Errors
    ///
    /// What [`EndpointConfig::check`] finds, [`EndpointError::NoKey`] or [`EndpointError::BadKey`].
    pub fn new(config: EndpointConfig, pause: Box<dyn Pause>) -> Result<Self, EndpointError> {
        config.check()?;
        let key = ApiKey::read(&config)?;
        let agent = agent(&config);
        let (breaker, wasted) = (CircuitBreaker::default(), Mutex::default());
        Ok(Self { config, key, agent, breaker, pause, wasted })
    }

    /// Asks until there is an answer, or no prospect of one.
    ///
    /// # Errors
    ///
    /// See [`EndpointError`]: of the last attempt, or [`EndpointError::Open`] if too many requests
    /// have failed, this one included.
    pub fn complete(&self, request: &Request) -> Result<Completion, EndpointError> {
        let key = request.key(&self.identity());
        let body = body(&self.config, request)?;
        let mut attempt = 0;
        loop {
            self.check_breaker()?;
            let trouble = match self.attempt(&body) {
                Ok(completion) => {
                    self.breaker.record_success();
                    return Ok(completion);
                }
                Err(trouble) => trouble,
            };
            if !trouble.may_pass() || attempt >= self.config.max_retries {
                return Err(self.give_up(trouble.into_error(&self.config, attempt + 1)));
            }
            let longest = self.config.longest_wait;
            let asked_for = trouble.wait().unwrap_or(0.0);
            if asked_for > longest {
                let url = self.config.address();
                return Err(self.give_up(EndpointError::WaitTooLong {
                    url,
                    wait: asked_for,
                    longest,
                }));
            }
            // The jitter keeps those apart whom the server told the same time.
            let wait = (asked_for + backoff(&self.config, key, attempt)).min(longest);
            self.pause.pause(Duration::from_secs_f64(wait));
            attempt += 1;
        }
    }

    fn check_breaker(&self) -> Result<(), EndpointError> {
        let url = self.config.address();
        match self.breaker.opened_by() {
            Some((failures, last)) => Err(EndpointError::Open { url, failures, last }),
            None => Ok(()),
        }
    }

    /// Counts the failure, unless it is one of the request, which says nothing of the next one. The
    /// failure that opens the breaker is one of the endpoint, and so are later ones.
    fn give_up(&self, error: EndpointError) -> EndpointError {
        // Who answers another one is only too slow for this, or fails at it.
        let answers = || self.breaker.opened_by().is_none() && self.answers();
        match error {
            EndpointError::Refused { .. } | EndpointError::NoChoices { written: 1.., .. } => error,
            EndpointError::TimedOut { .. } if answers() => error,
            EndpointError::Unavailable { url, status: 500, said, attempts } if answers() => {
                EndpointError::Broken { url, said, attempts }
            }
            error => {
                self.breaker.record_failure(&error.to_string());
                self.check_breaker().err().unwrap_or(error)
            }
        }
    }

    /// Whether it answers a greeting with a word: a list of its models may come from the front of a
    /// model that hangs.
    fn answers(&self) -> bool {
        let settings = GenerationSettings { max_tokens: Some(1), ..GenerationSettings::default() };
        let greeting = Request { input: Input::Text(GREETING.to_owned()), settings, sample: 0 };
        let Ok(body) = body(&self.config, &greeting) else { return false };
        match self.attempt(&body) {
            Ok(Completion { input_tokens, output_tokens, .. }) => {
                self.waste(input_tokens.unwrap_or(0), output_tokens.unwrap_or(0));
            }
            // It thought a word, and what that took is counted.
            Err(Trouble::NoChoices { written: 1.. }) => {}
            Err(_) => return false,
        }
        self.breaker.record_success();
        true
    }

    fn waste(&self, read: u64, written: u64) {
        let mut wasted = self.wasted();
        *wasted = (wasted.0.saturating_add(read), wasted.1.saturating_add(written));
    }

    /// Asks once. An answer may have 10 MiB, which is what the agent reads at most.
    fn attempt(&self, body: &Value) -> Result<Completion, Trouble> {
        let started = Instant::now();
        let mut post = self.agent.post(self.config.address());
        if let Some(key) = &self.key {
            post = post.header("authorization", key.header());
        }
        let mut response = post.send_json(body).map_err(Trouble::of_connection)?;
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let wait = header("retry-after").and_then(|value| retry_after(value, header("date")));
        let location = header("location").map(str::to_owned);
        let status = response.status().as_u16();
        let text = response.body_mut().read_to_string().map_err(Trouble::of_connection)?;
        let said = || Said::read(&text, self.key.as_ref());
        if !(200..300).contains(&status) {
            return Err(Trouble::Status { status, said: said(), wait, location });
        }
        parse(&text, started.elapsed().as_secs_f64()).map_err(|unreadable| match unreadable {
            Unreadable::Malformed(reason) => Trouble::Malformed(reason),
            Unreadable::Error => {
                Trouble::Malformed(format!("it tells of an error: {}", said().into_message()))
            }
            Unreadable::NoChoices { read, written } => {
                self.waste(read, written);
                Trouble::NoChoices { written }
            }
        })
    }

    /// No thread panics while it holds the lock.
    fn wasted(&self) -> MutexGuard<'_, (u64, u64)> {
        self.wasted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generator for Endpoint {
    fn identity(&self) -> Value {
        json!({
            "address": self.config.address(),
            "model": self.config.model,
            "max_tokens_field": self.config.max_tokens_field,
            "extra_body": self.config.extra_body,
        })
    }

    fn complete(&self, request: &Request) -> Result<Completion, GenerateError> {
        Self::complete(self, request).map_err(GenerateError::from)
    }

    fn take_waste(&self) -> (u64, u64) {
        std::mem::take(&mut *self.wasted())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Endpoint").field("config", &self.config).finish_non_exhaustive()
    }
}
