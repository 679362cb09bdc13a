//! The bounds of the settings.

use super::{ConfigError, GenerateConfig};
use crate::evaluation::is_ours;

/// More requests at once than that are a slip of the pen.
const MOST_AT_ONCE: usize = 1024;
/// More answers to one item than that, too.
const MOST_SAMPLES: u32 = 1000;

impl GenerateConfig {
    /// Checks all that can be checked without reading a file or asking anybody.
    ///
    /// # Errors
    ///
    /// The first setting that is missing, out of its bounds or beside one that it excludes.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.check_target()?;
        self.check_data()?;
        let out = |key, value: String, bound| Err(ConfigError::OutOfBounds { key, value, bound });
        if !(1..=MOST_AT_ONCE).contains(&self.concurrency) {
            return out("concurrency", self.concurrency.to_string(), "from 1 to 1024");
        }
        if self.batch_size == 0 {
            return out("batch_size", "0".to_owned(), "at least 1");
        }
        if !(1..=MOST_SAMPLES).contains(&self.samples) {
            return out("samples", self.samples.to_string(), "from 1 to 1000");
        }
        if self.examples > 0 && self.examples_data.is_none() {
            return Err(ConfigError::Needs { key: "examples", other: "examples_data" });
        }
        self.checked_prices()?;
        self.sampling().check()?;
        self.check_scorers()
    }

    fn check_target(&self) -> Result<(), ConfigError> {
        match (&self.endpoint, &self.checkpoint) {
            (None, None) => {
                let help = "write endpoint = \"http://127.0.0.1:8080/v1\" and model = \"...\", or \
                            checkpoint = \"...\"";
                return Err(ConfigError::Missing { key: "endpoint", help });
            }
            (Some(_), Some(_)) => {
                return Err(ConfigError::Both { key: "checkpoint", other: "endpoint" });
            }
            _ => {}
        }
        if self.endpoint.is_some() && self.model.is_none() {
            let help = "write the model's name at the endpoint: model = \"...\"";
            return Err(ConfigError::Missing { key: "model", help });
        }
        if self.checkpoint.is_some() && self.model.is_some() {
            return Err(ConfigError::Both { key: "model", other: "checkpoint" });
        }
        if self.adapter.is_some() && self.checkpoint.is_none() {
            return Err(ConfigError::Needs { key: "adapter", other: "checkpoint" });
        }
        match self.endpoint_config() {
            Some(endpoint) => Ok(endpoint.check()?),
            None => Ok(()),
        }
    }

    fn check_data(&self) -> Result<(), ConfigError> {
        if self.data.as_os_str().is_empty() {
            let help = "name the evaluation set: data = \"questions.jsonl\"";
            return Err(ConfigError::Missing { key: "data", help });
        }
        match self.held_out {
            Some(_) if self.held_out_data.is_some() => {
                Err(ConfigError::Both { key: "held_out", other: "held_out_data" })
            }
            Some(share) if !(share > 0.0 && share < 1.0) => Err(ConfigError::OutOfBounds {
                key: "held_out",
                value: share.to_string(),
                bound: "above 0 and below 1",
            }),
            _ => Ok(()),
        }
    }

    fn check_scorers(&self) -> Result<(), ConfigError> {
        if self.scorers.is_empty() {
            let help = "say how good an answer is: scorers = [\"exact_match\"]";
            return Err(ConfigError::Missing { key: "scorers", help });
        }
        match self.metrics().into_iter().find(|metric| is_ours(metric)) {
            Some(metric) => Err(ConfigError::TakenMetric { metric: metric.to_owned() }),
            None => Ok(()),
        }
    }
}
