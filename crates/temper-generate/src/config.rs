//! The settings of one evaluation, as a person writes them.

mod defaults;
mod error;
mod scorer_spec;
#[cfg(test)]
mod tests;
mod validate;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    Api, EndpointConfig, GenerationSettings, MaxTokensField, Prices, PromptConfig, Selection,
    TokenPrice,
};

pub use error::ConfigError;
pub use scorer_spec::ScorerSpec;

/// The settings of one evaluation: what `temper evaluate config.toml` reads.
///
/// Needed are an evaluation set (`data`), who answers (`endpoint` and `model`, or `checkpoint`) and
/// at least one of `scorers`.
///
/// ```
/// use temper_generate::GenerateConfig;
///
/// let config: GenerateConfig = toml::from_str(r#"
///     data = "capitals.jsonl"
///     endpoint = "http://127.0.0.1:8080/v1"
///     model = "tiny"
///     temperature = 0.2
///     scorers = ["exact_match", { name = "number", metric = "sums", when = { kind = "sum" } }]
/// "#)?;
/// assert_eq!(config.scorers[1].metric(), "sums");
/// config.validate().expect("all is in its bounds");
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GenerateConfig {
    /// The evaluation set: a JSON Lines file, relative to the base folder.
    pub data: PathBuf,
    /// The share of `data` that no search sees, above 0 and below 1; what was found is compared on
    /// it in the end. Default: nothing is held out.
    pub held_out: Option<f64>,
    /// A file of its own to compare on, in place of a share.
    pub held_out_data: Option<PathBuf>,
    /// Decides which items are held out, and the order of the others.
    pub data_seed: u64,

    /// The base of an endpoint's addresses, such as `http://127.0.0.1:8080/v1`.
    pub endpoint: Option<String>,
    /// The model's name there.
    pub model: Option<String>,
    /// What is asked there: `chat` (messages) or `completions` (a text that goes on).
    pub api: Api,
    /// The environment variable with the key; default: none is sent.
    pub api_key_env: Option<String>,
    /// How long one attempt of a request may take, in seconds.
    pub request_timeout: f64,
    /// How often a request is tried again.
    pub max_retries: u32,
    /// The bound of the first wait between attempts, in seconds; it doubles.
    pub first_wait: f64,
    /// The longest wait between attempts, in seconds, whoever asks for it.
    pub longest_wait: f64,
    /// What the longest answer is called in requests.
    pub max_tokens_field: MaxTokensField,
    /// Further fields of each request's body, as the endpoint knows them.
    pub extra_body: Map<String, Value>,
    /// The price of a million tokens that are read, in any currency: a number, or numbers by the
    /// names of models.
    pub input_price: Option<TokenPrice>,
    /// The price of a million tokens that are written, in the same.
    pub output_price: Option<TokenPrice>,

    /// A model on this machine in place of an endpoint: a checkpoint of `temper train`, a folder in
    /// Hugging Face's form or a `.gguf` file, relative to the base folder.
    pub checkpoint: Option<String>,
    /// An adapter of it, a folder in PEFT's form.
    pub adapter: Option<PathBuf>,
    /// What it computes on.
    pub device: String,

    /// How many requests are under way at once; at least 1. Of a checkpoint it is one.
    pub concurrency: usize,
    /// How many items are answered before they are reported; at least 1.
    pub batch_size: usize,
    /// How many answers each item gets, at least 1; their mean counts. A greedy setting
    /// (`temperature` 0) gets one.
    pub samples: u32,
    /// The number of the first of them: others than 0 ask anew for what was answered before.
    pub first_sample: u32,
    /// The file of answers that are known already, and of what was spent on them, relative to the
    /// base folder.
    pub cache: PathBuf,

    /// What the system says first: a text, or the name of one in `texts`. Empty: nothing.
    pub system: Option<String>,
    /// The words of an item, with fields in braces, or the name of such a text in `texts`.
    pub template: String,
    /// The number of worked examples before the item.
    pub examples: usize,
    /// Which examples these are: the `first`, or `random` ones.
    pub selection: Selection,
    /// Decides which examples are random ones.
    pub examples_seed: u64,
    /// The file of the worked examples, of the same form as `data`.
    pub examples_data: Option<PathBuf>,

    /// See [`GenerationSettings::temperature`]; what is not set is the endpoint's own default.
    pub temperature: Option<f64>,
    /// See [`GenerationSettings::top_p`].
    pub top_p: Option<f64>,
    /// See [`GenerationSettings::top_k`].
    pub top_k: Option<u32>,
    /// See [`GenerationSettings::min_p`].
    pub min_p: Option<f64>,
    /// See [`GenerationSettings::max_tokens`].
    pub max_tokens: Option<u32>,
    /// See [`GenerationSettings::repetition_penalty`].
    pub repetition_penalty: Option<f64>,
    /// See [`GenerationSettings::frequency_penalty`].
    pub frequency_penalty: Option<f64>,
    /// See [`GenerationSettings::presence_penalty`].
    pub presence_penalty: Option<f64>,
    /// See [`GenerationSettings::seed`].
    pub seed: Option<i64>,
    /// See [`GenerationSettings::stop`].
    pub stop: Vec<String>,

    /// How good an answer is; at least one.
    pub scorers: Vec<ScorerSpec>,
    /// Texts by name, for `system` and `template`.
    pub texts: BTreeMap<String, String>,
}

impl GenerateConfig {
    /// The names of all settings.
    #[must_use]
    pub fn keys() -> Vec<String> {
        let settings = serde_json::to_value(Self::default()).expect("numbers and texts are JSON");
        settings.as_object().expect("a struct is an object").keys().cloned().collect()
    }

    /// How answers are sampled.
    #[must_use]
    pub fn sampling(&self) -> GenerationSettings {
        GenerationSettings {
            temperature: self.temperature,
            top_p: self.top_p,
            top_k: self.top_k,
            min_p: self.min_p,
            max_tokens: self.max_tokens,
            repetition_penalty: self.repetition_penalty,
            frequency_penalty: self.frequency_penalty,
            presence_penalty: self.presence_penalty,
            seed: self.seed,
            stop: self.stop.clone(),
        }
    }

    /// The same with no setting of how answers are sampled but those given.
    #[must_use]
    pub fn with_sampling(&self, sampling: GenerationSettings) -> Self {
        Self {
            temperature: sampling.temperature,
            top_p: sampling.top_p,
            top_k: sampling.top_k,
            min_p: sampling.min_p,
            max_tokens: sampling.max_tokens,
            repetition_penalty: sampling.repetition_penalty,
            frequency_penalty: sampling.frequency_penalty,
            presence_penalty: sampling.presence_penalty,
            seed: sampling.seed,
            stop: sampling.stop,
            ..self.clone()
        }
    }

    /// How items are put.
    #[must_use]
    pub fn prompt(&self) -> PromptConfig {
        let system = self.system.as_deref().map(|name| self.text(name).to_owned());
        PromptConfig {
            template: self.text(&self.template).to_owned(),
            system: system.filter(|text| !text.is_empty()),
            examples: self.examples,
            selection: self.selection,
        }
    }

    /// The text of that name, or else the words themselves.
    fn text<'a>(&'a self, name: &'a str) -> &'a str {
        self.texts.get(name).map_or(name, String::as_str)
    }

    /// Where the endpoint is, if one answers.
    #[must_use]
    pub fn endpoint_config(&self) -> Option<EndpointConfig> {
        let (url, model) = (self.endpoint.as_deref()?, self.model.as_deref()?);
        Some(EndpointConfig {
            api: self.api,
            api_key_env: self.api_key_env.clone(),
            request_timeout: self.request_timeout,
            max_retries: self.max_retries,
            first_wait: self.first_wait,
            longest_wait: self.longest_wait,
            max_tokens_field: self.max_tokens_field,
            extra_body: self.extra_body.clone(),
            ..EndpointConfig::new(url, model)
        })
    }

    /// What tokens cost, if that is known.
    #[must_use]
    pub fn prices(&self) -> Option<Prices> {
        self.checked_prices().ok().flatten()
    }

    /// Whether it says what tokens cost, whichever model is asked.
    #[must_use]
    pub fn has_prices(&self) -> bool {
        self.input_price.is_some() && self.output_price.is_some()
    }

    pub(crate) fn checked_prices(&self) -> Result<Option<Prices>, ConfigError> {
        let (input, output) = (self.input_price.as_ref(), self.output_price.as_ref());
        Prices::of_model(self.model.as_deref(), input, output)
    }

    /// How many requests are under way at once: a model on this machine has all its cores for one.
    #[must_use]
    pub fn requests_at_once(&self) -> usize {
        if self.checkpoint.is_some() { 1 } else { self.concurrency }
    }

    /// The names of the metrics of the scorers, each once, in their order.
    #[must_use]
    pub fn metrics(&self) -> Vec<&str> {
        let mut metrics: Vec<&str> = Vec::new();
        for scorer in &self.scorers {
            if !metrics.contains(&scorer.metric()) {
                metrics.push(scorer.metric());
            }
        }
        metrics
    }

    /// Makes the paths independent of the folder that they start from.
    pub fn resolve(&mut self, folder: &Path) {
        let optional = [&mut self.held_out_data, &mut self.examples_data, &mut self.adapter];
        let own = [&mut self.data, &mut self.cache];
        for path in own.into_iter().chain(optional.into_iter().flatten()) {
            if !path.as_os_str().is_empty() {
                *path = folder.join(&*path);
            }
        }
        if let Some(checkpoint) = self.checkpoint.as_mut().filter(|it| !it.contains("://")) {
            *checkpoint = folder.join(&*checkpoint).display().to_string();
        }
    }
}
