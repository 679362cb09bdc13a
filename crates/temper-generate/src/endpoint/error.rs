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
    /// What requests decide themselves is in `extra_body`.
    #[error("`extra_body` of the endpoint can't hold `{key}`, which requests decide themselves")]
    Decided {
        /// The key.
        key: String,
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
    /// The variable holds something that no header may.
    #[error("the environment variable `{variable}` holds no key for {url}: {reason}")]
    BadKey {
        /// Its name.
        variable: String,
        /// The address.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
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
    #[error("nothing answers at {url} ({status}): {said}; its base often ends with `/v1`")]
    NotFound {
        /// The address.
        url: String,
        /// 404 or 405.
        status: u16,
        /// What the server answered.
        said: String,
    },
    /// The server sends elsewhere, where nobody follows.
    #[error("{url} is not where the model is ({status}), but {to}; correct the address")]
    Redirected {
        /// The address.
        url: String,
        /// The status of HTTP.
        status: u16,
        /// Where the server sends.
        to: String,
    },
    /// The account has no money left.
    #[error("{url} asks for payment ({status}): {said}")]
    Unpaid {
        /// The address.
        url: String,
        /// 402 or 429.
        status: u16,
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
    /// The address, a proxy or a certificate is of no use.
    #[error("{url} can't be asked: {reason}")]
    Unusable {
        /// The address.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No connection.
    #[error("{url} can't be reached: {reason} ({}); is the server running?", times(*attempts))]
    Unreachable {
        /// The address.
        url: String,
        /// What went wrong the last time.
        reason: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// The connection was ended before the answer was.
    #[error("{url} ended the connection: {reason} ({})", times(*attempts))]
    Cut {
        /// The address.
        url: String,
        /// What went wrong the last time.
        reason: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// No answer in time.
    #[error("{url} did not answer within {timeout} s ({}); raise `request_timeout`", times(*attempts))]
    TimedOut {
        /// The address.
        url: String,
        /// The time of one attempt, in seconds.
        timeout: f64,
        /// How often it was tried.
        attempts: u32,
    },
    /// Too many requests, or a server in trouble.
    #[error("{url} is overloaded or broken ({status}): {said} ({})", times(*attempts))]
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
    /// The server fails at this request, and answers others.
    #[error("{url} fails at this, though it answers others (500): {said} ({})", times(*attempts))]
    Broken {
        /// The address.
        url: String,
        /// What the server answered.
        said: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// The server asks for more patience than there is.
    #[error(
        "{url} asks to wait {wait} s, but `longest_wait` is {longest} s; go on later or raise it"
    )]
    WaitTooLong {
        /// The address.
        url: String,
        /// What it asks for, in seconds.
        wait: f64,
        /// The bound, in seconds.
        longest: f64,
    },
    /// An answer that is not what the interface promises.
    #[error("the answer of {url} can't be read: {reason} ({})", times(*attempts))]
    Malformed {
        /// The address.
        url: String,
        /// What is wrong with it.
        reason: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// An answer without a text.
    #[error("the answer of {url} has no choices ({})", times(*attempts))]
    NoChoices {
        /// The address.
        url: String,
        /// How often it was tried.
        attempts: u32,
        /// The tokens that the last attempt wrote all the same: then it is the request's failure,
        /// such as one that lets a model think for too few of them.
        written: u64,
    },
    /// Too many requests failed in a row; nothing more is asked.
    #[error(
        "{url} is not asked any more, as {failures} requests in a row have failed; the last: {last}"
    )]
    Open {
        /// The address.
        url: String,
        /// How many failed.
        failures: u32,
        /// What the last of them said.
        last: String,
    },
}

fn key_hint(variable: Option<&str>) -> String {
    match variable {
        Some(variable) => format!("check the environment variable `{variable}`"),
        None => "name the environment variable with the key in `api_key_env`".to_owned(),
    }
}

fn times(attempts: u32) -> String {
    if attempts == 1 { "1 attempt".to_owned() } else { format!("{attempts} attempts") }
}

impl From<EndpointError> for GenerateError {
    fn from(error: EndpointError) -> Self {
        let said = error.to_string();
        match error {
            EndpointError::Refused { .. }
            | EndpointError::Setting(_)
            | EndpointError::NoChoices { written: 1.., .. } => Self::Refused(said),
            EndpointError::TimedOut { .. } => Self::TimedOut(said),
            EndpointError::Broken { .. } => Self::Broken(said),
            EndpointError::Unavailable { .. }
            | EndpointError::Cut { .. }
            | EndpointError::Malformed { .. }
            | EndpointError::NoChoices { .. } => Self::Failed(said),
            _ => Self::Unable(said),
        }
    }
}
