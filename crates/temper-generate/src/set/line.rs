//! From one line of JSON to an item.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::LineFault;
use crate::{Item, Message, Prompt, Role};

/// A sum of such weights and its square are far from the largest number.
const HEAVIEST: f64 = 1e9;

/// The item of a line, whose number is its id if it has none.
pub(super) fn parse(number: usize, text: &str) -> Result<Item, LineFault> {
    let value: Value = serde_json::from_str(text).map_err(|error| {
        let message = error.to_string();
        // It counts lines, too, and knows of one alone.
        LineFault::NotJson { message: message.replace(" at line 1 column ", " at column ") }
    })?;
    let Value::Object(mut object) = value else {
        return Err(LineFault::NotAnObject { found: type_of(&value) });
    };
    Ok(Item {
        prompt: prompt(&mut object)?,
        answers: answers(object.remove("answer").unwrap_or_default())?,
        id: match object.remove("id") {
            None => number.to_string(),
            Some(id) => text_or_number("id", id)?,
        },
        weight: object.remove("weight").as_ref().map_or(Ok(1.0), weight)?,
        choices: object.remove("choices").map_or(Ok(Vec::new()), choices)?,
        fields: fields(object),
    })
}

fn prompt(object: &mut Map<String, Value>) -> Result<Prompt, LineFault> {
    match (object.remove("prompt"), object.remove("messages")) {
        (None, None) => Err(LineFault::NoPrompt),
        (Some(_), Some(_)) => Err(LineFault::TwoPrompts),
        (Some(prompt), None) => text("prompt".into(), prompt).map(Prompt::Text),
        (None, Some(messages)) => self::messages(messages).map(Prompt::Messages),
    }
}

fn messages(value: Value) -> Result<Vec<Message>, LineFault> {
    let message = |(index, value): (usize, Value)| {
        let Value::Object(mut object) = value else {
            return wrong_type(format!("messages[{index}]"), &value, "an object");
        };
        let mut take = |key: &str| {
            text(format!("messages[{index}].{key}"), object.remove(key).unwrap_or_default())
        };
        let (role, content) = (take("role")?, take("content")?);
        match Role::named(&role) {
            Some(role) => Ok(Message { role, content }),
            None => Err(LineFault::UnknownRole { index, role }),
        }
    };
    list("messages", value)?.into_iter().enumerate().map(message).collect()
}

fn answers(value: Value) -> Result<Vec<String>, LineFault> {
    let one = |(index, value)| text_or_number(&format!("answer[{index}]"), value);
    match value {
        Value::Null => Err(LineFault::NoAnswer),
        Value::Array(_) => list("answer", value)?.into_iter().enumerate().map(one).collect(),
        Value::String(_) | Value::Number(_) => Ok(vec![text_or_number("answer", value)?]),
        _ => wrong_type("answer".into(), &value, "text, a number or a list of them"),
    }
}

fn choices(value: Value) -> Result<Vec<String>, LineFault> {
    let one = |(index, value)| text(format!("choices[{index}]"), value);
    list("choices", value)?.into_iter().enumerate().map(one).collect()
}

fn weight(value: &Value) -> Result<f64, LineFault> {
    match value.as_f64() {
        None => wrong_type("weight".into(), value, "a number"),
        Some(weight) if weight > 0.0 && weight <= HEAVIEST => Ok(weight),
        Some(weight) => Err(LineFault::BadWeight { weight }),
    }
}

fn fields(object: Map<String, Value>) -> BTreeMap<String, String> {
    let field = |(key, value)| Some((key, text_or_number("", value).ok()?));
    object.into_iter().filter_map(field).collect()
}

fn list(key: &'static str, value: Value) -> Result<Vec<Value>, LineFault> {
    match value {
        Value::Array(values) if values.is_empty() => Err(LineFault::EmptyList { key }),
        Value::Array(values) => Ok(values),
        _ => wrong_type(key.into(), &value, "a list"),
    }
}

fn text(key: String, value: Value) -> Result<String, LineFault> {
    match value {
        Value::String(text) => Ok(text),
        _ => wrong_type(key, &value, "text"),
    }
}

fn text_or_number(key: &str, value: Value) -> Result<String, LineFault> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        _ => wrong_type(key.into(), &value, "text or a number"),
    }
}

fn wrong_type<T>(key: String, value: &Value, expected: &'static str) -> Result<T, LineFault> {
    Err(LineFault::WrongType { key, found: type_of(value), expected })
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null or missing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
