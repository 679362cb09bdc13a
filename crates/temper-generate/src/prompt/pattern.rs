//! A text with fields in braces.

use std::collections::{BTreeMap, BTreeSet};

use super::PromptError;
use crate::{Item, Prompt};

/// A text with fields in braces.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Field(String),
}

impl Pattern {
    pub(super) fn parse(template: &str) -> Result<Self, PromptError> {
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
    pub(super) fn fields(&self) -> BTreeSet<String> {
        let fields = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Field(name) => Some(name.clone()),
        });
        fields.collect()
    }

    pub(super) fn render(&self, item: &Item) -> Result<String, PromptError> {
        let fields = fields(item);
        let render = |piece: &Piece| match piece {
            Piece::Text(text) => Ok(text.clone()),
            Piece::Field(name) => {
                fields.get(name.as_str()).cloned().ok_or_else(|| PromptError::UnknownField {
                    field: name.clone(),
                    item: item.id.clone(),
                    known: fields.keys().map(ToString::to_string).collect(),
                })
            }
        };
        self.pieces.iter().map(render).collect()
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
