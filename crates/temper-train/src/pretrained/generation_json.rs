//! A model's `generation_config.json`: how its makers want it to write.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::config_json::{all_tokens, tokens};

/// How a model's makers want it to write, as far as its folder says: what servers such as vLLM take
/// where a request sets nothing. `do_sample` is passed over, as there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GenerationDefaults {
    /// See [`Sampling::temperature`](super::Sampling::temperature).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// See [`Sampling::top_k`](super::Sampling::top_k).
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "count")]
    pub top_k: Option<usize>,
    /// See [`Sampling::top_p`](super::Sampling::top_p).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    /// See [`Sampling::min_p`](super::Sampling::min_p).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_p: Option<f64>,
    /// See [`Sampling::repetition_penalty`](super::Sampling::repetition_penalty).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repetition_penalty: Option<f64>,
    /// The longest answer, in tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_new_tokens: Option<usize>,
}

/// Where 0 or -1 leaves out none.
fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    let count = Option::<i64>::deserialize(deserializer)?;
    Ok(count.and_then(|count| usize::try_from(count).ok()).filter(|count| *count > 0))
}

/// What the file says: the defaults, and the tokens that end a text.
pub(super) fn read(file: Value) -> Result<(GenerationDefaults, Vec<u32>), serde_json::Error> {
    let eos = all_tokens(&file["eos_token_id"]);
    Ok((serde_json::from_value(file)?, eos))
}

/// The text of the file.
pub(super) fn write(defaults: &GenerationDefaults, bos: Option<u32>, eos: &[u32]) -> String {
    let mut file = serde_json::to_value(defaults).expect("numbers are representable in JSON");
    file["do_sample"] = true.into();
    file["bos_token_id"] = bos.into();
    file["eos_token_id"] = tokens(eos);
    format!("{file:#}\n")
}
