//! What a server is asked.

use std::collections::BTreeMap;
use std::io::BufRead;

use serde_json::Value;

/// A request as the server saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// As in `POST /v1/completions`.
    pub(crate) line: String,
    /// By their names in small letters.
    pub(crate) headers: BTreeMap<String, String>,
    /// The body; null if it is no JSON.
    pub(crate) body: Value,
}

impl Seen {
    /// Reads a request; there is none if the connection ends, or speaks something else than HTTP.
    pub(crate) fn read(reader: &mut impl BufRead) -> Option<Self> {
        // What begins a handshake of TLS has no end of a line.
        let is_tls = reader.fill_buf().ok()?.first().is_some_and(|byte| *byte == 0x16);
        if is_tls {
            let line = "TLS".to_owned();
            return Some(Self { line, headers: BTreeMap::new(), body: Value::Null });
        }
        let line = read_line(reader)?.rsplit_once(' ')?.0.to_owned();
        let mut headers = BTreeMap::new();
        while let Some((name, value)) = read_line(reader)?.split_once(':') {
            headers.insert(name.to_lowercase(), value.trim().to_owned());
        }
        let length = headers.get("content-length").and_then(|length| length.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body).ok()?;
        let body = serde_json::from_slice(&body).unwrap_or_default();
        Some(Self { line, headers, body })
    }
}

fn read_line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    let length = reader.read_line(&mut line).ok()?;
    (length > 0).then(|| line.trim_end().to_owned())
}
