//! What is not written.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Map;

use super::GenerateConfig;
use crate::{EndpointConfig, PromptConfig};

impl Default for GenerateConfig {
    fn default() -> Self {
        let endpoint = EndpointConfig::new("", "");
        let prompt = PromptConfig::default();
        Self {
            data: PathBuf::new(),
            held_out: None,
            held_out_data: None,
            data_seed: 0,
            endpoint: None,
            model: None,
            api: endpoint.api,
            api_key_env: None,
            request_timeout: endpoint.request_timeout,
            max_retries: endpoint.max_retries,
            first_wait: endpoint.first_wait,
            longest_wait: endpoint.longest_wait,
            max_tokens_field: endpoint.max_tokens_field,
            extra_body: Map::new(),
            input_price: None,
            output_price: None,
            checkpoint: None,
            adapter: None,
            device: "cpu".to_owned(),
            concurrency: 4,
            batch_size: 10,
            samples: 1,
            first_sample: 0,
            cache: PathBuf::from("answers.db"),
            system: prompt.system,
            template: prompt.template,
            examples: prompt.examples,
            selection: prompt.selection,
            examples_seed: 0,
            examples_data: None,
            temperature: None,
            top_p: None,
            top_k: None,
            min_p: None,
            max_tokens: None,
            repetition_penalty: None,
            frequency_penalty: None,
            presence_penalty: None,
            seed: None,
            stop: Vec::new(),
            scorers: Vec::new(),
            texts: BTreeMap::new(),
        }
    }
}
