//! The client of endpoints, against a server that answers as it is told to.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod faulty;

#[path = "endpoint/answers.rs"]
mod answers;
#[path = "endpoint/faults.rs"]
mod faults;
#[path = "endpoint/requests.rs"]
mod requests;
#[path = "endpoint/threads.rs"]
mod threads;
#[path = "endpoint/waits.rs"]
mod waits;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use temper_generate::{
    Endpoint, EndpointConfig, GenerateError, GenerationSettings, Generator, Input, Pause, Request,
};

/// Cargo sets it for tests, and its value passes for a key. Nothing else may be set in a process of
/// many threads.
const KEY_VARIABLE: &str = "CARGO_PKG_NAME";

/// What that key is.
const KEY: &str = env!("CARGO_PKG_NAME");

/// Keeps for how long it should have paused, in seconds.
#[derive(Clone, Debug, Default)]
struct Pauses(Arc<Mutex<Vec<f64>>>);

impl Pauses {
    fn all(&self) -> Vec<f64> {
        self.0.lock().unwrap().clone()
    }
}

impl Pause for Pauses {
    fn pause(&self, time: Duration) {
        self.0.lock().unwrap().push(time.as_secs_f64());
    }
}

/// A client with two retries, changed in some way.
fn endpoint(url: &str, change: impl FnOnce(&mut EndpointConfig)) -> (Endpoint, Pauses) {
    let mut config = EndpointConfig { max_retries: 2, ..EndpointConfig::new(url, "tiny") };
    change(&mut config);
    let pauses = Pauses::default();
    (Endpoint::new(config, Box::new(pauses.clone())).unwrap(), pauses)
}

fn question(text: &str) -> Request {
    let settings = GenerationSettings::default();
    Request { input: Input::Text(text.to_owned()), settings, sample: 0 }
}

/// Asks as the crate's users do.
fn ask(endpoint: &Endpoint) -> Result<String, GenerateError> {
    let generator: &dyn Generator = endpoint;
    generator.complete(&question("The capital of France?")).map(|completion| completion.text)
}
