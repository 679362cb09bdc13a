//! What an endpoint answers.

use serde::Deserialize;
use serde_json::Value;

use crate::Completion;

/// How an answer ends that the endpoint's filter cut.
const FILTERED: &str = "content_filter";

/// What is wrong with an answer.
#[derive(Debug, PartialEq)]
pub(super) enum Unreadable {
    Malformed(String),
    /// It tells of an error, though its status does not.
    Error,
    NoChoices,
}

#[derive(Deserialize)]
struct Answer {
    choices: Option<Vec<Choice>>,
    usage: Option<Usage>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    message: Option<Said>,
    text: Option<String>,
    finish_reason: Option<String>,
}

/// What a chat model says. What it thinks (`reasoning_content`) is no part of its answer.
#[derive(Deserialize)]
struct Said {
    content: Option<String>,
    refusal: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
}

/// Reads the body of an answer that took `latency` seconds.
pub(super) fn parse(body: &str, latency: f64) -> Result<Completion, Unreadable> {
    let malformed = |reason: &str| Unreadable::Malformed(reason.to_owned());
    let answer: Answer =
        serde_json::from_str(body).map_err(|error| Unreadable::Malformed(error.to_string()))?;
    if answer.error.is_some() {
        return Err(Unreadable::Error);
    }
    let choices = answer.choices.ok_or_else(|| malformed("it has no field `choices`"))?;
    let choice = choices.into_iter().next().ok_or(Unreadable::NoChoices)?;
    let (text, refusal) = match (choice.message, choice.text) {
        // A chat model that wrote nothing, or only thought, answers null.
        (Some(Said { content, refusal }), _) => (content.unwrap_or_default(), refusal),
        (None, Some(text)) => (text, None),
        (None, None) => return Err(malformed("its choice has neither `message` nor `text`")),
    };
    let refused = refusal.is_some() || choice.finish_reason.as_deref() == Some(FILTERED);
    let usage = answer.usage;
    Ok(Completion {
        // A refusal is what it wrote instead.
        text: refusal.filter(|_| text.is_empty()).unwrap_or(text),
        input_tokens: usage.as_ref().and_then(|usage| usage.prompt_tokens),
        output_tokens: usage.as_ref().and_then(|usage| usage.completion_tokens),
        latency,
        finish_reason: choice.finish_reason,
        refused,
    })
}
