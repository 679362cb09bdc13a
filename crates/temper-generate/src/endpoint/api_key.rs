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
        let (variable, url) = (variable.clone(), config.url.clone());
        let key = env::var(&variable).unwrap_or_default().trim().to_owned();
        if key.is_empty() {
            return Err(EndpointError::NoKey { variable, url });
        }
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            let reason = "a key has no spaces and only letters, digits and signs of ASCII";
            return Err(EndpointError::BadKey { variable, url, reason });
        }
        Ok(Some(Self(key)))
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
