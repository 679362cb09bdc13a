//! Why there is no answer.

use crate::{GenerateError, SettingError};

/// Why an endpoint gave no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EndpointError {
    /// The configuration is not one.
    #[error("`{name}` of the endpoint is {value}, but must be {range}")]
    Config {
        /// The setting.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        range: &'static str,
    },
    /// A setting of the request is out of its range.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// Messages can't be sent to `/completions`.
    #[error("messages need `api = \"chat\"`, but {url} is asked to complete a text")]
    MessagesToCompletions {
        /// The address.
        url: String,
    },
    /// The variable that should hold the key does not.
    #[error("the environment variable `{variable}` holds no key for {url}; set it")]
    NoKey {
        /// Its name.
        variable: String,
        /// The address.
        url: String,
    },
    /// The endpoint does not take the key.
    #[error("{url} does not accept the key ({status}): {said}; {}", key_hint(variable.as_deref()))]
    InvalidKey {
        /// The address.
        url: String,
        /// 401 or 403.
        status: u16,
        /// The environment variable with the key, if one was sent.
        variable: Option<String>,
        /// What the server answered.
        said: String,
    },
    /// The endpoint does not have the model.
    #[error("{url} has no model `{model}`: {said}; correct `model`")]
    UnknownModel {
        /// The address.
        url: String,
        /// The model that was asked for.
        model: String,
        /// What the server answered.
        said: String,
    },
    /// A server is there, but not under this address.
    #[error("nothing is at {url} (404): {said}; `url` is the base, which often ends in `/v1`")]
    NotFound {
        /// The address.
        url: String,
        /// What the server answered.
        said: String,
    },
    /// The request is refused for what it is.
    #[error("{url} refuses the request ({status}): {said}")]
    Refused {
        /// The address.
        url: String,
        /// The status of HTTP.
        status: u16,
        /// What the server answered.
        said: String,
    },
    /// No connection, or it was cut.
    #[error("{url} can't be reached: {reason} ({attempts} attempts); is the server running?")]
    Unreachable {
        /// The address.
        url: String,
        /// What went wrong the last time.
        reason: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// No answer in time.
    #[error("{url} did not answer within {timeout} s ({attempts} attempts); raise `timeout`")]
    TimedOut {
        /// The address.
        url: String,
        /// The time of one attempt, in seconds.
        timeout: f64,
        /// How often it was tried.
        attempts: u32,
    },
    /// Too many requests, or a server in trouble.
    #[error("{url} is overloaded or broken ({status}): {said} ({attempts} attempts)")]
    Unavailable {
        /// The address.
        url: String,
        /// The last status of HTTP.
        status: u16,
        /// What the server answered.
        said: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// The server asks for more patience than there is.
    #[error("{url} asks to wait {wait} s, but `longest_wait` is {longest} s")]
    WaitTooLong {
        /// The address.
        url: String,
        /// What it asks for, in seconds.
        wait: f64,
        /// The bound, in seconds.
        longest: f64,
    },
    /// An answer that is not what the interface promises.
    #[error("the answer of {url} can't be read: {reason} ({attempts} attempts)")]
    Malformed {
        /// The address.
        url: String,
        /// What is wrong with it.
        reason: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// An answer without a text.
    #[error("the answer of {url} has no choices ({attempts} attempts)")]
    NoChoices {
        /// The address.
        url: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// Too many requests failed in a row; nothing was asked.
    #[error("{url} is not asked any more, as {failures} requests in a row have failed")]
    Open {
        /// The address.
        url: String,
        /// How many failed.
        failures: u32,
    },
}

fn key_hint(variable: Option<&str>) -> String {
    match variable {
        Some(variable) => format!("check the environment variable `{variable}`"),
        None => "name the environment variable with the key in `api_key_env`".to_owned(),
    }
}

impl From<EndpointError> for GenerateError {
    fn from(error: EndpointError) -> Self {
        let said = error.to_string();
        match error {
            EndpointError::Refused { .. } | EndpointError::Setting(_) => Self::Refused(said),
            EndpointError::TimedOut { .. } => Self::TimedOut(said),
            EndpointError::Unavailable { .. }
            | EndpointError::Malformed { .. }
            | EndpointError::NoChoices { .. } => Self::Failed(said),
            _ => Self::Unable(said),
        }
    }
}
