//! What went wrong in one attempt.

use std::io;

use serde_json::Value;

use super::config::EndpointConfig;
use super::error::EndpointError;

/// How much of a server's words is shown, in characters.
const SHOWN: usize = 300;

/// What went wrong in one attempt.
#[derive(Debug)]
pub(super) enum Trouble {
    TimedOut,
    Connection(String),
    /// A status other than 200, the body, and what `Retry-After` asks for in seconds.
    Status {
        status: u16,
        said: String,
        wait: Option<f64>,
    },
    Malformed(String),
    NoChoices,
}

impl Trouble {
    pub(super) fn of_connection(error: ureq::Error) -> Self {
        match error {
            ureq::Error::Timeout(_) => Self::TimedOut,
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut => Self::TimedOut,
            error => Self::Connection(error.to_string()),
        }
    }

    /// Whether the next attempt may succeed.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Status { status, .. } => matches!(status, 429 | 500 | 502 | 503 | 504),
            _ => true,
        }
    }

    /// How long the server asks to wait, in seconds.
    pub(super) fn wait(&self) -> Option<f64> {
        match self {
            Self::Status { wait, .. } => *wait,
            _ => None,
        }
    }

    /// The error of a request that is given up after so many attempts.
    pub(super) fn into_error(self, config: &EndpointConfig, attempts: u32) -> EndpointError {
        let url = config.address();
        let (status, body) = match self {
            Self::TimedOut => {
                return EndpointError::TimedOut { url, timeout: config.timeout, attempts };
            }
            Self::Connection(reason) => {
                return EndpointError::Unreachable { url, reason, attempts };
            }
            Self::Malformed(reason) => return EndpointError::Malformed { url, reason, attempts },
            Self::NoChoices => return EndpointError::NoChoices { url, attempts },
            Self::Status { status, said, .. } => (status, said),
        };
        let said = message(&body);
        let is_about_model = body.contains("model_not_found")
            || (status == 404 && said.contains(config.model.as_str()));
        match status {
            401 | 403 => {
                let variable = config.api_key_env.clone();
                EndpointError::InvalidKey { url, status, variable, said }
            }
            400 | 404 if is_about_model => {
                EndpointError::UnknownModel { url, model: config.model.clone(), said }
            }
            404 => EndpointError::NotFound { url, said },
            429 | 500 | 502 | 503 | 504 => {
                EndpointError::Unavailable { url, status, said, attempts }
            }
            _ => EndpointError::Refused { url, status, said },
        }
    }
}

/// What a server says in its answer: the message of an error as JSON, or else the text's beginning.
fn message(body: &str) -> String {
    let json: Value = serde_json::from_str(body).unwrap_or_default();
    let places = ["/error/message", "/message", "/error", "/detail"];
    let found = places.iter().find_map(|place| json.pointer(place)?.as_str());
    let said: String = found.unwrap_or(body).trim().chars().take(SHOWN).collect();
    if said.is_empty() { "no reason given".to_owned() } else { said }
}
