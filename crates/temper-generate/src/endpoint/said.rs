//! What a server says of an error.

use serde_json::Value;

use super::api_key::ApiKey;

/// How much of a server's words is shown, in characters.
const SHOWN: usize = 300;

/// Where servers put the message: `OpenAI`, vLLM and llama.cpp; older vLLM; Ollama; `FastAPI`.
const MESSAGES: [&str; 4] = ["/error/message", "/message", "/error", "/detail"];

/// Where they put the name of the error.
const CODES: [&str; 3] = ["/error/code", "/error/type", "/code"];

/// What a server says of an error, without the key, which some repeat.
#[derive(Debug)]
pub(super) struct Said {
    message: String,
    codes: Vec<String>,
}

impl Said {
    /// Reads the body of an answer: the message of an error as JSON, or else the text's beginning.
    pub(super) fn read(body: &str, key: Option<&ApiKey>) -> Self {
        let json: Value = serde_json::from_str(body).unwrap_or_default();
        let text = |place| json.pointer(place)?.as_str();
        let message = MESSAGES.into_iter().find_map(text).unwrap_or(body).trim();
        let hidden = key.map_or_else(|| message.to_owned(), |key| key.hide(message));
        let message = match hidden.chars().take(SHOWN).collect::<String>() {
            nothing if nothing.is_empty() => "no reason given".to_owned(),
            message => message,
        };
        Self { message, codes: CODES.into_iter().filter_map(text).map(str::to_owned).collect() }
    }

    /// The words, as a person is shown them.
    pub(super) fn into_message(self) -> String {
        self.message
    }

    /// Whether the model is not there. `OpenAI` says so by `code`, vLLM with 404 and "The model `x`
    /// does not exist.", llama.cpp's router with 400 and "model 'x' not found", Ollama with 404 and
    /// the like. A llama.cpp server of one model takes any name.
    pub(super) fn is_about_model(&self) -> bool {
        let message = self.message.to_lowercase();
        self.has_code("model_not_found")
            || message.contains("model")
                && (message.contains("not found") || message.contains("does not exist"))
    }

    /// Whether an account is empty, which `OpenAI` answers with the status of too many requests.
    pub(super) fn is_about_money(&self) -> bool {
        self.has_code("insufficient_quota")
    }

    /// Whether a moderator did not let the request through, which `OpenRouter` answers with the status
    /// of a key that may not.
    pub(super) fn is_about_content(&self) -> bool {
        let message = self.message.to_lowercase();
        ["flagged", "moderation"].iter().any(|word| message.contains(word))
    }

    fn has_code(&self, code: &str) -> bool {
        self.codes.iter().any(|said| said == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_servers_way_to_say_that_a_model_is_missing_is_known() {
        for body in [
            r#"{"error": {"message": "You lack access", "code": "model_not_found"}}"#,
            r#"{"error": {"message": "The model `x` does not exist.", "code": 404}}"#,
            r#"{"object": "error", "message": "The model `x` does not exist.", "code": 404}"#,
            r#"{"error": {"code": 400, "message": "model 'x' not found"}}"#,
            r#"{"error": "model \"x\" not found, try pulling it first"}"#,
        ] {
            assert!(Said::read(body, None).is_about_model(), "{body}");
        }
        for body in [
            r#"{"error": {"code": 404, "message": "File Not Found"}}"#,
            r#"{"detail": "Not Found"}"#,
            r#"{"error": {"message": "This model's maximum context length is 8 tokens"}}"#,
        ] {
            assert!(!Said::read(body, None).is_about_model(), "{body}");
        }
    }

    #[test]
    fn the_beginning_of_what_is_no_json_is_shown() {
        let shown = |body: &str| Said::read(body, None).into_message();
        assert_eq!(shown(" <h1>Bad gateway</h1>\n"), "<h1>Bad gateway</h1>");
        assert_eq!(shown(&"é".repeat(1000)), "é".repeat(SHOWN));
        assert_eq!(shown(""), "no reason given");
    }
}
