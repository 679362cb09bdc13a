//! Conversations as text, by the chat template of a checkpoint.

use std::fs;
use std::path::Path;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Serde};
use minijinja::{Environment, Error, ErrorKind, Value, context};
use minijinja_contrib::pycompat::unknown_method_callback;

use super::draft::Piece;
use super::fault::LineFault;
use crate::{TrainConfig, TrainError};

/// The template where neither the settings nor the checkpoint have one: `ChatML`, that of most.
const CHATML: &str = "{% for message in messages %}<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{{ '' }}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{{ '' }}{% endif %}";

/// The day that templates are told is today, that of Llama 3.1's template: what a run learns must
/// not depend on the day on which it is started or goes on.
const TODAY: [(char, &str); 7] = [
    ('d', "26"),
    ('m', "07"),
    ('b', "Jul"),
    ('B', "July"),
    ('Y', "2024"),
    ('y', "24"),
    ('A', "Friday"),
];

/// What a checkpoint says of how conversations are written.
#[derive(Clone, Debug, Default)]
pub(crate) struct ChatDefaults {
    /// Its chat template.
    pub template: Option<String>,
    /// The token that texts begin with, as text; empty where there is none.
    pub bos_token: String,
    /// The token that texts end with, as text; empty where there is none.
    pub eos_token: String,
}

/// A chat template as Hugging Face's tokenizers have it: Jinja, with blocks' line ends removed,
/// Python's methods of text, `raise_exception`, `strftime_now` and Python's `tojson`.
pub(crate) struct ChatTemplate {
    environment: Environment<'static>,
    bos_token: String,
    eos_token: String,
}

impl ChatTemplate {
    /// The template of the settings, or else the checkpoint's, or else `ChatML`.
    ///
    /// # Errors
    /// Its file can't be read, or it is no template.
    pub(super) fn of_run(
        config: &TrainConfig,
        base_dir: &Path,
        defaults: &ChatDefaults,
    ) -> Result<Self, TrainError> {
        let mut defaults = defaults.clone();
        if let Some(given) = config.given_chat_template(base_dir)? {
            defaults.template = Some(given);
        }
        Self::new(defaults).map_err(|error| TrainError::BadTemplate { message: error.to_string() })
    }

    /// The checkpoint's template, or else `ChatML`.
    ///
    /// # Errors
    /// It is no template.
    pub(crate) fn new(defaults: ChatDefaults) -> Result<Self, Error> {
        let ChatDefaults { template, bos_token, eos_token } = defaults;
        let source = template.unwrap_or_else(|| CHATML.to_owned());
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.expect("no delimiter is changed"));
        environment.set_unknown_method_callback(unknown_method_callback);
        environment.add_function("raise_exception", raise_exception);
        environment.add_function("strftime_now", strftime_now);
        environment.add_filter("tojson", to_json);
        environment.add_template_owned("chat", without_generation_tags(&source))?;
        Ok(Self { environment, bos_token, eos_token })
    }

    /// The text of a conversation, in pieces: those that the assistant writes, with what the
    /// template puts after them, are trained on.
    ///
    /// A piece reaches from where the template has the assistant begin, after the messages before
    /// it, to where the text ends after its message.
    ///
    /// # Errors
    /// The template fails, or writes the beginning of a conversation differently once it goes on.
    pub(super) fn pieces(&self, messages: &[serde_json::Value]) -> Result<Vec<Piece>, LineFault> {
        let render = |messages: &[serde_json::Value], add_generation_prompt| {
            let text = self.render(messages, add_generation_prompt);
            text.map_err(|error| LineFault::Template { message: error.to_string() })
        };
        let whole = render(messages, false)?;
        let mut pieces = Vec::new();
        let mut done = 0;
        for (index, message) in messages.iter().enumerate() {
            if message["role"] != "assistant" {
                continue;
            }
            let before = render(&messages[..index], true)?;
            let after = render(&messages[..=index], false)?;
            let is_prefix =
                done <= before.len() && after.starts_with(&before) && whole.starts_with(&after);
            if !is_prefix {
                return Err(LineFault::NotAPrefix { message: index + 1 });
            }
            pieces.push(Piece::read(&whole[done..before.len()]));
            pieces.push(Piece::trained(&whole[before.len()..after.len()]));
            done = after.len();
        }
        pieces.push(Piece::read(&whole[done..]));
        pieces.retain(|piece| !piece.text.is_empty());
        Ok(pieces)
    }

    /// The text of a conversation, to which the beginning of an answer is added if that is wanted.
    ///
    /// # Errors
    /// The template fails.
    pub(crate) fn render(
        &self,
        messages: &[serde_json::Value],
        add_generation_prompt: bool,
    ) -> Result<String, Error> {
        let (bos_token, eos_token) = (&self.bos_token, &self.eos_token);
        let messages = Value::from(Serde(messages));
        let (tools, documents) = ((), ());
        let context =
            context! { messages, add_generation_prompt, bos_token, eos_token, tools, documents };
        self.environment.get_template("chat")?.render(context)
    }
}

impl TrainConfig {
    /// The text of `chat_template`, whose path is relative to `base_dir`.
    ///
    /// # Errors
    /// Its file can't be read.
    pub(crate) fn given_chat_template(
        &self,
        base_dir: &Path,
    ) -> Result<Option<String>, TrainError> {
        match &self.chat_template {
            Some(path) if !Self::is_template_text(path) => {
                let path = base_dir.join(path);
                let text = fs::read_to_string(&path);
                text.map(Some).map_err(|source| TrainError::Io { path, source })
            }
            text => Ok(text.clone()),
        }
    }

    /// Whether a `chat_template` is the template itself, rather than a path to it.
    pub fn is_template_text(chat_template: &str) -> bool {
        chat_template.contains("{{") || chat_template.contains("{%")
    }
}

/// `{% generation %}` marks what an assistant writes for tools that look for it; it writes nothing.
fn without_generation_tags(source: &str) -> String {
    let mut text = String::new();
    let mut rest = source;
    while let Some(start) = rest.find("{%") {
        let end = rest[start..].find("%}").map_or(rest.len(), |end| start + end);
        let tag = rest[start..end].replace("endgeneration", "endif");
        let is_generation = tag[2..].trim_matches(['-', '+', ' ', '\n']) == "generation";
        text.push_str(&rest[..start]);
        match is_generation {
            true => text.push_str(&tag.replace("generation", "if true")),
            false => text.push_str(&tag),
        }
        rest = &rest[end..];
    }
    text + rest
}

fn raise_exception(message: String) -> Result<Value, Error> {
    Err(Error::new(ErrorKind::InvalidOperation, message))
}

/// [`TODAY`], by Python's `strftime`.
fn strftime_now(format: &str) -> Result<String, Error> {
    let mut text = String::new();
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            text.push(letter);
            continue;
        }
        let directive = letters.next().unwrap_or('%');
        match TODAY.iter().find(|(known, _)| *known == directive) {
            Some((_, value)) => text.push_str(value),
            None => {
                let message = format!("strftime_now: the day has no `%{directive}`");
                return Err(Error::new(ErrorKind::InvalidOperation, message));
            }
        }
    }
    Ok(text)
}

/// JSON as Python's `json.dumps(value, ensure_ascii=False, indent=indent)` writes it.
#[expect(clippy::needless_pass_by_value, reason = "a filter takes its options by value")]
fn to_json(value: &Value, options: Kwargs) -> Result<String, Error> {
    let indent = options.get::<Option<usize>>("indent")?;
    options.get::<Option<bool>>("ensure_ascii")?;
    options.assert_all_used()?;
    let failed = |error| Error::new(ErrorKind::BadSerialization, format!("{error}"));
    let value = serde_json::to_value(value).map_err(failed)?;
    let mut text = String::new();
    write_json(&value, indent, 0, &mut text);
    Ok(text)
}

fn write_json(value: &serde_json::Value, indent: Option<usize>, depth: usize, text: &mut String) {
    use serde_json::Value::{Array, Object};
    let break_line = |depth: usize, text: &mut String| {
        if let Some(indent) = indent {
            text.push('\n');
            text.push_str(&" ".repeat(indent * depth));
        }
    };
    let comma = if indent.is_some() { "," } else { ", " };
    let (brackets, items): (_, Vec<_>) = match value {
        Array(items) if !items.is_empty() => {
            (['[', ']'], items.iter().map(|it| (None, it)).collect())
        }
        Object(map) if !map.is_empty() => {
            (['{', '}'], map.iter().map(|(key, item)| (Some(key), item)).collect())
        }
        scalar => return text.push_str(&scalar.to_string()),
    };
    text.push(brackets[0]);
    for (index, (key, item)) in items.into_iter().enumerate() {
        if index > 0 {
            text.push_str(comma);
        }
        break_line(depth + 1, text);
        if let Some(key) = key {
            text.push_str(&format!("{}: ", serde_json::Value::from(key.as_str())));
        }
        write_json(item, indent, depth + 1, text);
    }
    break_line(depth, text);
    text.push(brackets[1]);
}

#[cfg(test)]
mod tests;
