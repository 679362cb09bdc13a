//! A text with fields in braces.

use std::collections::BTreeMap;

use super::PromptError;
use crate::{Item, Prompt};

/// A text with fields in braces.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Field(String),
}

impl Pattern {
    pub(crate) fn parse(template: &str) -> Result<Self, PromptError> {
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut chars = (1..).zip(template.chars()).peekable();
        while let Some((at, char)) = chars.next() {
            let is_brace = char == '{' || char == '}';
            let is_doubled = is_brace && chars.next_if(|(_, next)| *next == char).is_some();
            if !is_brace || is_doubled {
                text.push(char);
            } else {
                let lone = PromptError::LoneBrace { brace: char, at };
                if char == '}' {
                    return Err(lone);
                }
                let mut field = String::new();
                loop {
                    match chars.next() {
                        None | Some((_, '{')) => return Err(lone),
                        Some((_, '}')) => break,
                        Some((_, char)) => field.push(char),
                    }
                }
                pieces.push(Piece::Text(std::mem::take(&mut text)));
                pieces.push(Piece::Field(field.trim().to_owned()));
            }
        }
        pieces.push(Piece::Text(text));
        Ok(Self { pieces })
    }

    /// The fields that it names.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Field(name) => Some(name.as_str()),
        })
    }

    /// The text with these fields, or the name of one that is not among them.
    pub(crate) fn fill(&self, fields: &BTreeMap<&str, String>) -> Result<String, &String> {
        let mut filled = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Field(name) => filled.push_str(fields.get(name.as_str()).ok_or(name)?),
            }
        }
        Ok(filled)
    }

    pub(super) fn render(&self, item: &Item) -> Result<String, PromptError> {
        let fields = fields(item);
        self.fill(&fields).map_err(|field| PromptError::UnknownField {
            field: field.clone(),
            item: item.id.clone(),
            known: fields.keys().map(ToString::to_string).collect(),
        })
    }
}

/// What a template may say of an item: everything but its answers.
fn fields(item: &Item) -> BTreeMap<&str, String> {
    let mut fields: BTreeMap<&str, String> =
        item.fields.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    if let Prompt::Text(prompt) = &item.prompt {
        fields.insert("prompt", prompt.clone());
    }
    if !item.choices.is_empty() {
        let lettered = ('A'..).zip(&item.choices).map(|(letter, text)| format!("{letter}. {text}"));
        fields.insert("choices", lettered.collect::<Vec<_>>().join("\n"));
    }
    fields
}
