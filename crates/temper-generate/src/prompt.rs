//! How an item is put to a model: a template, a system text and worked examples.

use std::collections::BTreeSet;

use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::{EvaluationSet, Item, Message, Prompt, Role};

mod error;
mod pattern;

pub use error::PromptError;
pub(crate) use pattern::Pattern;

// Away from the streams of `temper-core` and of sets, for the seed may be the study's.
const EXAMPLES_STREAM: u64 = (1 << 61) + 2;

/// The settings of a [`PromptTemplate`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PromptConfig {
    /// The words of an item, with fields in braces: `{prompt}`, `{choices}` (one a line, lettered)
    /// and the further fields of the set; `{{` and `}}` are braces. Default: `{prompt}`.
    pub template: String,
    /// What the system says first. Default: nothing.
    pub system: Option<String>,
    /// The number of worked examples before the item. Default: 0.
    pub examples: usize,
    /// Which examples these are. Default: the first.
    pub selection: Selection,
}

impl Default for PromptConfig {
    fn default() -> Self {
        Self { template: "{prompt}".into(), system: None, examples: 0, selection: Selection::First }
    }
}

/// Which examples of a file are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Selection {
    /// The first.
    First,
    /// Those that the seed draws, in the order drawn; the same for all items.
    Random,
}

/// How an item is put to a model.
///
/// ```
/// use temper_generate::{EvaluationSet, PromptConfig, PromptTemplate};
///
/// let lines = r#"{"prompt": "1 + 1", "answer": 2}"#;
/// let set = EvaluationSet::from_jsonl(lines, "sums.jsonl".as_ref()).unwrap();
/// let config = PromptConfig { template: "What is {prompt}?".into(), ..Default::default() };
/// let template = PromptTemplate::new(&config, &[], 7)?;
/// template.check(&set)?;
/// assert_eq!(template.text(&set.items()[0])?, "What is 1 + 1?");
/// # Ok::<(), temper_generate::PromptError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PromptTemplate {
    pattern: Pattern,
    system: Option<String>,
    /// All that there are, in the order of the selection.
    examples: Vec<Item>,
    wanted: usize,
}

impl PromptTemplate {
    /// A template with examples of `examples`, which `seed` draws if they are to be random.
    ///
    /// # Errors
    ///
    /// If the braces of the template don't match, or there are fewer examples than wanted.
    pub fn new(config: &PromptConfig, examples: &[Item], seed: u64) -> Result<Self, PromptError> {
        let wanted = config.examples;
        if wanted > examples.len() {
            return Err(PromptError::TooFewExamples { wanted, found: examples.len() });
        }
        let mut examples = examples.to_vec();
        if config.selection == Selection::Random {
            examples.shuffle(&mut temper_core::stream(seed, EXAMPLES_STREAM));
        }
        let pattern = Pattern::parse(&config.template)?;
        Ok(Self { pattern, system: config.system.clone(), examples, wanted })
    }

    /// Checks that all items and all examples have the fields that the template names.
    ///
    /// # Errors
    ///
    /// The first field and item of which this is not so.
    pub fn check(&self, set: &EvaluationSet) -> Result<(), PromptError> {
        let examples: &[Item] = if self.wanted > 0 { &self.examples } else { &[] };
        set.items().iter().chain(examples).try_for_each(|item| match item.prompt {
            Prompt::Text(_) => self.pattern.render(item).map(drop),
            Prompt::Messages(_) => Ok(()),
        })
    }

    /// The conversation that asks `item`: the system text, each example with its answer, the item.
    /// An item with messages of its own is not put into the words of the template.
    ///
    /// # Errors
    ///
    /// If an item lacks a field, which [`check`](Self::check) finds before.
    pub fn messages(&self, item: &Item) -> Result<Vec<Message>, PromptError> {
        let system = self.system.iter().map(|text| Message::new(Role::System, text));
        let mut messages: Vec<Message> = system.collect();
        for example in self.examples_of(item) {
            messages.extend(self.ask(example)?);
            messages.push(Message::new(Role::Assistant, &example.answers[0]));
        }
        messages.extend(self.ask(item)?);
        Ok(messages)
    }

    /// The text whose continuation answers `item`, for plain completions: the same parts as in
    /// [`messages`](Self::messages), with a blank line between them, and each example's answer after
    /// its question.
    ///
    /// # Errors
    ///
    /// If an item lacks a field, which [`check`](Self::check) finds before.
    pub fn text(&self, item: &Item) -> Result<String, PromptError> {
        let mut parts: Vec<String> = self.system.iter().cloned().collect();
        for example in self.examples_of(item) {
            let question = contents(self.ask(example)?);
            let space = if question.ends_with(char::is_whitespace) { "" } else { " " };
            parts.push(format!("{question}{space}{}", example.answers[0]));
        }
        parts.push(contents(self.ask(item)?));
        Ok(parts.join("\n\n"))
    }

    /// The same examples with the system text and the template of other settings, which must have
    /// the same fields: it can then be put to the same items.
    pub(crate) fn rewritten(&self, config: &PromptConfig) -> Result<Self, PromptError> {
        let pattern = Pattern::parse(&config.template)?;
        let [fields, expected] =
            [&pattern, &self.pattern].map(|it| it.fields().collect::<BTreeSet<_>>());
        if let Some(field) = expected.difference(&fields).next() {
            return Err(PromptError::LostField { field: (*field).to_owned() });
        }
        if let Some(field) = fields.difference(&expected).next() {
            return Err(PromptError::NewField { field: (*field).to_owned() });
        }
        Ok(Self { pattern, system: config.system.clone(), ..self.clone() })
    }

    /// The fields that the template names.
    pub(crate) fn fields(&self) -> BTreeSet<String> {
        self.pattern.fields().map(str::to_owned).collect()
    }

    /// `item` in its words, without anything before it.
    pub(crate) fn question(&self, item: &Item) -> Result<String, PromptError> {
        Ok(contents(self.ask(item)?))
    }

    /// The examples before `item`, without those that ask the same: they would give it away.
    fn examples_of(&self, item: &Item) -> impl Iterator<Item = &Item> {
        let is_other =
            |example: &&Item| (&example.prompt, &example.fields) != (&item.prompt, &item.fields);
        self.examples.iter().filter(is_other).take(self.wanted)
    }

    fn ask(&self, item: &Item) -> Result<Vec<Message>, PromptError> {
        match &item.prompt {
            Prompt::Text(_) => Ok(vec![Message::new(Role::User, self.pattern.render(item)?)]),
            Prompt::Messages(messages) => Ok(messages.clone()),
        }
    }
}

fn contents(messages: Vec<Message>) -> String {
    let contents: Vec<String> = messages.into_iter().map(|message| message.content).collect();
    contents.join("\n\n")
}

#[cfg(test)]
mod tests;
