//! One question of an evaluation set.

use std::collections::BTreeMap;

use crate::Message;

/// What is asked, and which answers are right: one line of an evaluation set.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Item {
    /// Its name, unlike that of any other item of the set.
    pub id: String,
    /// What is asked.
    pub prompt: Prompt,
    /// The right answers, at least one; each is as good as the others.
    pub answers: Vec<String>,
    /// How much it counts in a mean, above 0.
    pub weight: f64,
    /// What there is to choose from, in the order of the letters A, B, C; empty if the question is
    /// open.
    pub choices: Vec<String>,
    /// The further texts and numbers of its line, for templates.
    pub fields: BTreeMap<String, String>,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// A text, which a template may put into words of its own.
    Text(String),
    /// A conversation, at least one message, which is sent as it is.
    Messages(Vec<Message>),
}
