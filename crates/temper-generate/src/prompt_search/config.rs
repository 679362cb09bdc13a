//! The settings of a search for better words.

use serde::{Deserialize, Serialize};

use crate::{Api, ConfigError, GenerateConfig, GenerationSettings, Prices, TokenPrice};

/// More rounds or more failures in one request than these are slips of the pen.
const MOST_ROUNDS: u32 = 1000;
const MOST_FAILURES: usize = 100;

/// The settings of a search for better words: `[prompt_search]` of a study file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PromptSearchConfig {
    /// What is rewritten: the `system` text, the default, or the `template`.
    pub rewrite: Rewrite,
    /// How many rewrites are proposed, at least 1. Default: 10.
    pub rounds: u32,
    /// How many items that failed are shown for each, at least 1. Default: 6. A rewrite is first
    /// tried on these and as many others.
    pub failures: usize,
    /// The endpoint of the model that proposes. Default: whoever answers the items does.
    pub endpoint: Option<String>,
    /// The model's name there; without `endpoint`, at the endpoint of the items.
    pub model: Option<String>,
    /// What is asked there. Default: as for the items, and `chat` at an endpoint of its own.
    pub api: Option<Api>,
    /// The environment variable with the key. Default: as for the items, and none at an endpoint of
    /// its own.
    pub api_key_env: Option<String>,
    /// The price of a million tokens that the model reads. Default: as for the items, if their model
    /// proposes or their prices name the one that does.
    pub input_price: Option<f64>,
    /// The price of a million tokens that it writes.
    pub output_price: Option<f64>,
    /// How freely it proposes: see [`GenerationSettings::temperature`]. Default: 1.
    pub temperature: f64,
    /// The longest proposal in tokens. Default: 512.
    pub max_tokens: u32,
}

/// What is rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rewrite {
    /// What the system says first.
    System,
    /// The words of an item. Its fields stay: neither fewer nor others.
    Template,
}

impl Default for PromptSearchConfig {
    fn default() -> Self {
        Self {
            rewrite: Rewrite::System,
            rounds: 10,
            failures: 6,
            endpoint: None,
            model: None,
            api: None,
            api_key_env: None,
            input_price: None,
            output_price: None,
            temperature: 1.0,
            max_tokens: 512,
        }
    }
}

impl PromptSearchConfig {
    /// Checks all that can be checked without asking anybody, beside the settings of the items.
    ///
    /// # Errors
    ///
    /// The first setting that is out of its bounds or lacks another one.
    pub fn validate(&self, items: &GenerateConfig) -> Result<(), ConfigError> {
        let out = |key, value: String, bound| Err(ConfigError::OutOfBounds { key, value, bound });
        if !(1..=MOST_ROUNDS).contains(&self.rounds) {
            return out("rounds", self.rounds.to_string(), "from 1 to 1000");
        }
        if !(1..=MOST_FAILURES).contains(&self.failures) {
            return out("failures", self.failures.to_string(), "from 1 to 100");
        }
        let needs = |key, other| Err(ConfigError::Needs { key, other });
        let has_no_endpoint = self.endpoint.is_none() && items.endpoint.is_none();
        match () {
            () if self.endpoint.is_some() && self.model.is_none() => {
                return needs("endpoint", "model");
            }
            () if self.model.is_some() && has_no_endpoint => return needs("model", "endpoint"),
            () if self.api_key_env.is_some() && has_no_endpoint => {
                return needs("api_key_env", "endpoint");
            }
            () => {}
        }
        Prices::given(self.input_price, self.output_price)?;
        let (temperature, max_tokens) = (Some(self.temperature), Some(self.max_tokens));
        GenerationSettings { temperature, max_tokens, ..GenerationSettings::default() }.check()?;
        let proposer = self.proposer(items);
        // Without a model of its own it is one that a trial has.
        if proposer.model.is_some() {
            proposer.checked_prices()?;
        }
        match proposer.endpoint_config() {
            Some(endpoint) => endpoint.check().map_err(ConfigError::from),
            None => Ok(()),
        }
    }

    /// Whether the model that answers the items proposes too.
    #[must_use]
    pub fn asks_the_same(&self) -> bool {
        self.endpoint.is_none()
            && self.model.is_none()
            && self.api.is_none()
            && self.api_key_env.is_none()
            && self.input_price.is_none()
    }

    /// Who proposes, as settings of whoever answers. What is known of one endpoint, such as its key,
    /// is no business of another one.
    #[must_use]
    pub fn proposer(&self, items: &GenerateConfig) -> GenerateConfig {
        let mut proposer = items.clone();
        if self.endpoint.is_some() {
            proposer = GenerateConfig {
                request_timeout: items.request_timeout,
                max_retries: items.max_retries,
                first_wait: items.first_wait,
                longest_wait: items.longest_wait,
                endpoint: self.endpoint.clone(),
                ..GenerateConfig::default()
            };
        }
        if self.model.is_some() {
            proposer.model = self.model.clone();
            // Those of the items' model are not its own, unless they are by name.
            let of_it = |price: Option<TokenPrice>| match price? {
                TokenPrice::Any(_) => None,
                TokenPrice::OfModel(prices) => {
                    self.model.as_ref().and_then(|it| prices.get(it).copied()).map(TokenPrice::Any)
                }
            };
            proposer.input_price = of_it(proposer.input_price.take());
            proposer.output_price = of_it(proposer.output_price.take());
        }
        proposer.api = self.api.unwrap_or(proposer.api);
        proposer.api_key_env = self.api_key_env.clone().or(proposer.api_key_env);
        proposer.input_price = self.input_price.map(TokenPrice::Any).or(proposer.input_price);
        proposer.output_price = self.output_price.map(TokenPrice::Any).or(proposer.output_price);
        proposer
    }
}

impl Rewrite {
    /// What it is called for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system text",
            Self::Template => "template",
        }
    }

    /// The text that it rewrites; empty if there is none.
    pub(super) fn text_of(self, config: &GenerateConfig) -> String {
        let prompt = config.prompt();
        match self {
            Self::System => prompt.system.unwrap_or_default(),
            Self::Template => prompt.template,
        }
    }
}

impl GenerateConfig {
    /// The same with another system text or template, which is what it says, whatever the texts of
    /// `texts` are called.
    #[must_use]
    pub fn rewritten(&self, rewrite: Rewrite, text: &str) -> Self {
        let prompt = self.prompt();
        let mut config = Self {
            system: prompt.system,
            template: prompt.template,
            texts: std::collections::BTreeMap::new(),
            ..self.clone()
        };
        match rewrite {
            Rewrite::System => config.system = Some(text.to_owned()),
            Rewrite::Template => text.clone_into(&mut config.template),
        }
        config
    }
}
