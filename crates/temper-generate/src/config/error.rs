//! Why an evaluation can't begin.

use crate::{EndpointError, PromptError, ScorerError, SetError, SettingError};

/// Why an evaluation can't begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A setting that is needed is not there.
    #[error("`{key}` is missing")]
    Missing {
        /// The setting.
        key: &'static str,
        /// What to write.
        help: &'static str,
    },
    /// A setting's value is out of its bounds.
    #[error("`{key}` is {value}, but must be {bound}")]
    OutOfBounds {
        /// The setting.
        key: &'static str,
        /// Its value, as text.
        value: String,
        /// What it may be.
        bound: &'static str,
    },
    /// Two settings exclude each other.
    #[error("`{key}` stands beside `{other}`")]
    Both {
        /// One of them.
        key: &'static str,
        /// The other.
        other: &'static str,
    },
    /// A setting needs another one.
    #[error("`{key}` needs `{other}`")]
    Needs {
        /// The setting.
        key: &'static str,
        /// The one that it needs.
        other: &'static str,
    },
    /// Prices by model don't name the one that is asked.
    #[error("`{key}` has no price for the model `{model}`")]
    NoPrice {
        /// The setting.
        key: &'static str,
        /// The model.
        model: String,
    },
    /// A metric that is made by us has the name of a scorer's.
    #[error("`{metric}` is a metric of every evaluation, and can't be a scorer's")]
    TakenMetric {
        /// The metric.
        metric: String,
    },
    /// Two scorers of one metric apply to the same item.
    #[error("item {item:?} is scored twice for `{metric}`, by `{first}` and `{second}`")]
    ScoredTwice {
        /// The metric.
        metric: String,
        /// The item.
        item: String,
        /// One scorer.
        first: String,
        /// The other.
        second: String,
    },
    /// A scorer applies to no item.
    #[error("scorer `{scorer}` applies to no item of `{path}`")]
    NoItem {
        /// The scorer.
        scorer: String,
        /// The evaluation set.
        path: String,
    },
    /// An evaluation set that can't be used.
    #[error("{source}")]
    Set {
        /// The setting with its path.
        key: &'static str,
        /// What is wrong with it.
        source: SetError,
    },
    /// A prompt that can't be made.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// A scorer that can't be made.
    #[error(transparent)]
    Scorer(#[from] ScorerError),
    /// A setting of the sampling.
    #[error(transparent)]
    Sampling(#[from] SettingError),
    /// An endpoint that can't be asked.
    #[error("{source}")]
    Endpoint {
        /// The setting.
        key: &'static str,
        /// What is wrong with it.
        source: EndpointError,
    },
}

impl From<EndpointError> for ConfigError {
    /// Its fields are settings of other names here.
    fn from(error: EndpointError) -> Self {
        let key = match error {
            EndpointError::Config { name, value, range } => {
                let key = match name {
                    "url" => "endpoint",
                    same => same,
                };
                return Self::OutOfBounds { key, value, bound: range };
            }
            EndpointError::Decided { .. } => "extra_body",
            EndpointError::NoKey { .. } | EndpointError::BadKey { .. } => "api_key_env",
            _ => "endpoint",
        };
        Self::Endpoint { key, source: error }
    }
}

impl ConfigError {
    /// The setting to blame, if it is one.
    #[must_use]
    pub fn key(&self) -> Option<&'static str> {
        match self {
            Self::Missing { key, .. }
            | Self::OutOfBounds { key, .. }
            | Self::Both { key, .. }
            | Self::Needs { key, .. }
            | Self::NoPrice { key, .. }
            | Self::Set { key, .. }
            | Self::Endpoint { key, .. } => Some(key),
            Self::Prompt(PromptError::TooFewExamples { .. }) => Some("examples"),
            Self::Prompt(_) => Some("template"),
            Self::TakenMetric { .. }
            | Self::ScoredTwice { .. }
            | Self::NoItem { .. }
            | Self::Scorer(_) => Some("scorers"),
            Self::Sampling(error) => Some(error.name),
        }
    }

    /// What may mend it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Missing { help, .. } => Some((*help).to_owned()),
            Self::Both { .. } => Some("leave one of them out".to_owned()),
            Self::Needs { other, .. } => Some(format!("write `{other}`, too")),
            Self::NoPrice { key, model } => Some(format!(
                "write what a million of its tokens cost: {key} = {{ {model:?} = 0.15 }}"
            )),
            Self::TakenMetric { .. } => Some("give it another: metric = \"...\"".to_owned()),
            Self::ScoredTwice { .. } => {
                Some("let `when` decide which one applies, or name two metrics".to_owned())
            }
            Self::NoItem { .. } => Some("correct its `when`, or leave it out".to_owned()),
            Self::Set { source, .. } => Some(source.help().to_owned()),
            Self::Prompt(error) => Some(error.help().to_owned()),
            _ => None,
        }
    }
}
