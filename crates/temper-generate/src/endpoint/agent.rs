//! What speaks HTTP.

use std::net::IpAddr;
use std::time::Duration;

use ureq::Proxy;
use ureq::http::Uri;

use super::config::EndpointConfig;

/// An agent for requests to that endpoint, which follows no redirect: a redirected POST would lose
/// its body. The environment's proxies (`ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY`; not for the hosts
/// in `NO_PROXY`) are used, but never to reach this machine.
pub(super) fn agent(config: &EndpointConfig) -> ureq::Agent {
    let proxy = if is_here(&config.url) { None } else { Proxy::try_from_env() };
    ureq::Agent::config_builder()
        .proxy(proxy)
        .timeout_global(Some(Duration::from_secs_f64(config.request_timeout)))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .build()
        .new_agent()
}

/// Whether the address is one of this machine.
fn is_here(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let host = uri.host().unwrap_or_default().to_lowercase();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost"
        || host.ends_with(".localhost")
        || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_this_machine_are_known() {
        for url in [
            "http://127.0.0.1:8080/v1",
            "http://127.0.0.2/v1",
            "http://[::1]:8080/v1",
            "http://localhost/v1",
            "http://LLM.localhost:80/v1",
        ] {
            assert!(is_here(url), "{url}");
        }
        for url in ["http://localhost.example.com/v1", "http://10.0.0.1/v1", "https://example.com"]
        {
            assert!(!is_here(url), "{url}");
        }
    }
}
