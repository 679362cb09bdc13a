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
    /// Some endpoints answer so where all that was allowed was thought. It has to be paid.
    NoChoices {
        read: u64,
        written: u64,
    },
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
    let tokens = |of: fn(&Usage) -> Option<u64>| answer.usage.as_ref().and_then(of);
    let (input_tokens, output_tokens) =
        (tokens(|usage| usage.prompt_tokens), tokens(|usage| usage.completion_tokens));
    let choice = choices.into_iter().next().ok_or(Unreadable::NoChoices {
        read: input_tokens.unwrap_or(0),
        written: output_tokens.unwrap_or(0),
    })?;
    let (text, refusal) = match (choice.message, choice.text) {
        // A chat model that wrote nothing, or only thought, answers null.
        (Some(Said { content, refusal }), _) => (content.unwrap_or_default(), refusal),
        (None, Some(text)) => (text, None),
        (None, None) => return Err(malformed("its choice has neither `message` nor `text`")),
    };
    let refused = refusal.is_some() || choice.finish_reason.as_deref() == Some(FILTERED);
    Ok(Completion {
        // A refusal is what it wrote instead.
        text: refusal.filter(|_| text.is_empty()).unwrap_or(text),
        input_tokens,
        output_tokens,
        latency,
        finish_reason: choice.finish_reason,
        refused,
    })
}
