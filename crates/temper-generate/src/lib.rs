//! Objectives over an endpoint or a local model: what is asked ([`EvaluationSet`]), how it is put
//! ([`PromptTemplate`]), who answers ([`Generator`], such as an [`Endpoint`]), what was answered
//! before and what that cost ([`Cached`]), how good an answer is ([`Scorer`]), and which words may get
//! better ones ([`PromptSearch`]).
//!
//! ```
//! use temper_generate::EvaluationSet;
//!
//! let lines = r#"{"prompt": "The capital of France?", "answer": "Paris"}"#;
//! let set = EvaluationSet::from_jsonl(lines, "capitals.jsonl".as_ref())?;
//! assert_eq!(set.items()[0].answers, ["Paris"]);
//! # Ok::<(), temper_generate::SetError>(())
//! ```

mod allowance;
mod answers;
mod cached;
mod completion;
mod config;
mod endpoint;
mod evaluation;
mod generator;
mod item;
mod message;
mod paired;
mod prices;
mod prompt;
mod prompt_search;
mod request;
mod scorer;
mod set;
mod settings;

pub use allowance::{Allowance, Limit};
pub use answers::{Account, AnswerStore, Spending, StoreError};
pub use cached::Cached;
pub use completion::Completion;
pub use config::{ConfigError, GenerateConfig, ScorerSpec};
pub use endpoint::{Api, Endpoint, EndpointConfig, EndpointError, MaxTokensField, Pause, Sleep};
pub use evaluation::{
    Answered, Evaluation, EvaluationError, METRICS, Outcome, Part, SPENT, Scored, Tally, Unscored,
};
pub use generator::{GenerateError, Generator};
pub use item::{Item, Prompt};
pub use message::{Message, Role};
pub use paired::Paired;
pub use prices::{Prices, TokenPrice};
pub use prompt::{PromptConfig, PromptError, PromptTemplate, Selection};
pub use prompt_search::{
    Candidate, Ended, Fate, PromptSearch, PromptSearchConfig, Rewrite, Rewrites,
};
pub use request::{Input, Request, RequestKey};
pub use scorer::{
    ALL, Entry, FindJudge, JudgeTarget, OptionKind, Options, ScoreFailure, Scorer, ScorerError,
    ScorerOption, Surroundings, build,
};
pub use set::{EvaluationSet, LineFault, SetError};
pub use settings::{GenerationSettings, SettingError};
