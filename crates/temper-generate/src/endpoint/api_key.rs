//! The key of an endpoint.

use std::{env, fmt};

use super::config::EndpointConfig;
use super::error::EndpointError;

/// A key, which no message shows.
pub(super) struct ApiKey(String);

impl ApiKey {
    /// The key that the configuration names, if it names one.
    pub(super) fn read(config: &EndpointConfig) -> Result<Option<Self>, EndpointError> {
        let Some(variable) = &config.api_key_env else { return Ok(None) };
        match env::var(variable) {
            Ok(key) if !key.trim().is_empty() => Ok(Some(Self(key.trim().to_owned()))),
            _ => Err(EndpointError::NoKey { variable: variable.clone(), url: config.url.clone() }),
        }
    }

    /// The header that shows it to the endpoint.
    pub(super) fn header(&self) -> String {
        format!("Bearer {}", self.0)
    }

    /// A server's words without the key, which some repeat.
    pub(super) fn hide(&self, said: &str) -> String {
        said.replace(&self.0, "[key]")
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ApiKey(hidden)")
    }
}
