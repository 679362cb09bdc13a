//! A model in this process.

use miette::{Result, miette};
use temper_generate::{Completion, GenerateConfig, GenerateError, Generator, Request};

/// A model in this process.
#[derive(Debug)]
pub(super) struct LocalModel;

impl LocalModel {
    pub(super) fn open(_: &GenerateConfig) -> Result<Self> {
        Err(miette!("stub"))
    }
}

impl Generator for LocalModel {
    fn identity(&self) -> serde_json::Value {
        serde_json::Value::Null
    }

    fn complete(&self, _: &Request) -> Result<Completion, GenerateError> {
        Err(GenerateError::Unable("stub".into()))
    }
}
