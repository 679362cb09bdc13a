//! What a server replies.

use serde_json::{Value, json};

/// What a server replies.
#[derive(Clone, Debug)]
pub(crate) struct Reply(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Whole {
        status: u16,
        headers: Vec<(String, String)>,
        body: String,
    },
    /// These bytes, and the connection ends.
    Cut(Vec<u8>),
    /// Nothing, while the connection lasts.
    Silence,
}

impl Reply {
    /// The answer of a chat model that read 10 tokens and wrote 2.
    pub(crate) fn text(text: &str) -> Self {
        Self::chat(&json!({"role": "assistant", "content": text}))
    }

    /// The same with another message.
    pub(crate) fn chat(message: &Value) -> Self {
        Self::json(
            200,
            &json!({
                "id": "1",
                "object": "chat.completion",
                "model": "tiny",
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12},
            }),
        )
    }

    /// What `/completions` answers.
    pub(crate) fn completion(text: &str) -> Self {
        Self::json(
            200,
            &json!({
                "object": "text_completion",
                "choices": [{"index": 0, "text": text, "finish_reason": "length"}],
                "usage": {"prompt_tokens": 10, "completion_tokens": 2},
            }),
        )
    }

    /// An error as `OpenAI` puts it.
    pub(crate) fn error(status: u16, message: &str) -> Self {
        Self::json(status, &json!({"error": {"message": message, "code": null}}))
    }

    /// Any JSON.
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::body(status, &body.to_string())
    }

    /// Any body.
    pub(crate) fn body(status: u16, body: &str) -> Self {
        Self(Kind::Whole { status, headers: Vec::new(), body: body.to_owned() })
    }

    /// A whole reply with one more header.
    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        if let Kind::Whole { headers, .. } = &mut self.0 {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// The connection ends before a byte of the reply.
    pub(crate) fn cut() -> Self {
        Self::raw(b"")
    }

    /// The connection ends in the middle of the body.
    pub(crate) fn cut_within_body() -> Self {
        Self::raw(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"choices\": [")
    }

    /// These bytes, and the connection ends.
    pub(crate) fn raw(bytes: &[u8]) -> Self {
        Self(Kind::Cut(bytes.to_vec()))
    }

    /// Nothing until the client loses patience.
    pub(crate) fn silence() -> Self {
        Self(Kind::Silence)
    }

    /// What goes over the wire, unless nothing does.
    pub(super) fn bytes(&self) -> Option<Vec<u8>> {
        let (status, headers, body) = match &self.0 {
            Kind::Whole { status, headers, body } => (status, headers, body),
            Kind::Cut(bytes) => return Some(bytes.clone()),
            Kind::Silence => return None,
        };
        let headers: String =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = body.len();
        let head = format!("HTTP/1.1 {status} Said\r\ncontent-length: {length}\r\n{headers}\r\n");
        Some((head + body).into_bytes())
    }

    pub(super) fn ends_connection(&self) -> bool {
        matches!(self.0, Kind::Cut(_))
    }
}
