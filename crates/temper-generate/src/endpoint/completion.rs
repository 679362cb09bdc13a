//! What an endpoint answers.

use serde::Deserialize;

use crate::Completion;

/// What is wrong with an answer.
#[derive(Debug, PartialEq)]
pub(super) enum Unreadable {
    Malformed(String),
    NoChoices,
}

#[derive(Deserialize)]
struct Answer {
    choices: Vec<Choice>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Choice {
    message: Option<Said>,
    text: Option<String>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Said {
    content: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
}

/// Reads the body of an answer that took `latency` seconds.
pub(super) fn parse(body: &str, latency: f64) -> Result<Completion, Unreadable> {
    let answer: Answer =
        serde_json::from_str(body).map_err(|error| Unreadable::Malformed(error.to_string()))?;
    let choice = answer.choices.into_iter().next().ok_or(Unreadable::NoChoices)?;
    let text = match (choice.message, choice.text) {
        // A chat model that wrote nothing, or only thought, answers null.
        (Some(message), _) => message.content.unwrap_or_default(),
        (None, Some(text)) => text,
        (None, None) => return Err(Unreadable::Malformed("a choice without a text".to_owned())),
    };
    Ok(Completion {
        text,
        input_tokens: answer.usage.as_ref().and_then(|usage| usage.prompt_tokens),
        output_tokens: answer.usage.as_ref().and_then(|usage| usage.completion_tokens),
        latency,
        finish_reason: choice.finish_reason,
        refused: false,
    })
}
