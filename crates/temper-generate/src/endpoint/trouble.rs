//! What went wrong in one attempt.

use std::io::ErrorKind;

use super::config::EndpointConfig;
use super::error::EndpointError;
use super::said::Said;

/// What went wrong in one attempt.
#[derive(Debug)]
pub(super) enum Trouble {
    TimedOut,
    /// Nobody is there.
    Unreachable(String),
    /// Somebody is there, and ended the connection.
    Cut(String),
    /// Nothing that another attempt changes, such as a certificate.
    Unusable(String),
    /// A status other than those of success.
    Status {
        status: u16,
        said: Said,
        /// What `Retry-After` asks for, in seconds.
        wait: Option<f64>,
        /// Where else to look.
        location: Option<String>,
    },
    Malformed(String),
    /// Though so many tokens were written.
    NoChoices {
        written: u64,
    },
}

impl Trouble {
    pub(super) fn of_connection(error: ureq::Error) -> Self {
        use ureq::Error as Http;
        match error {
            Http::Timeout(_) => Self::TimedOut,
            Http::Io(error) => match error.kind() {
                ErrorKind::TimedOut => Self::TimedOut,
                ErrorKind::ConnectionReset
                | ErrorKind::ConnectionAborted
                | ErrorKind::BrokenPipe
                | ErrorKind::UnexpectedEof => Self::Cut(error.to_string()),
                // What TLS does not accept.
                ErrorKind::InvalidData => Self::Unusable(error.to_string()),
                // Refused, no route, no such host.
                _ => Self::Unreachable(error.to_string()),
            },
            Http::HostNotFound | Http::ConnectionFailed => Self::Unreachable(error.to_string()),
            Http::BodyExceedsLimit(limit) => {
                Self::Malformed(format!("it is longer than {limit} bytes"))
            }
            // Requests are well formed, so it is the answer that is not.
            Http::Protocol(_) | Http::LargeResponseHeader(..) => Self::Malformed(error.to_string()),
            error => Self::Unusable(error.to_string()),
        }
    }

    /// Whether the next attempt may succeed.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Status { status, said, .. } => is_passing(*status) && !said.is_about_money(),
            Self::Unusable(_) => false,
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
        match self {
            Self::TimedOut => {
                EndpointError::TimedOut { url, timeout: config.request_timeout, attempts }
            }
            Self::Unreachable(reason) => EndpointError::Unreachable { url, reason, attempts },
            Self::Cut(reason) => EndpointError::Cut { url, reason, attempts },
            Self::Unusable(reason) => EndpointError::Unusable { url, reason },
            Self::Malformed(reason) => EndpointError::Malformed { url, reason, attempts },
            Self::NoChoices { written } => EndpointError::NoChoices { url, attempts, written },
            Self::Status { status: status @ 300..400, location, .. } => {
                let to = location.unwrap_or_else(|| "an address that it does not name".to_owned());
                EndpointError::Redirected { url, status, to }
            }
            Self::Status { status, said, .. } => of_status(config, attempts, status, said),
        }
    }
}

/// Whether a server with this status may answer otherwise soon.
fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500 | 502..600)
}

fn of_status(config: &EndpointConfig, attempts: u32, status: u16, said: Said) -> EndpointError {
    let url = config.address();
    let (about_model, about_money) = (said.is_about_model(), said.is_about_money());
    let about_content = said.is_about_content();
    let said = said.into_message();
    match status {
        400 | 403 | 404 if about_model => {
            EndpointError::UnknownModel { url, model: config.model.clone(), said }
        }
        403 if about_content => EndpointError::Refused { url, status, said },
        401 | 403 => {
            let variable = config.api_key_env.clone();
            EndpointError::InvalidKey { url, status, variable, said }
        }
        404 | 405 => EndpointError::NotFound { url, status, said },
        402 => EndpointError::Unpaid { url, status, said },
        429 if about_money => EndpointError::Unpaid { url, status, said },
        status if is_passing(status) => EndpointError::Unavailable { url, status, said, attempts },
        _ => EndpointError::Refused { url, status, said },
    }
}
