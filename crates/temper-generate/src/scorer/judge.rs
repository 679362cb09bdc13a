//! What another model says of the output.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::option::{OptionKind, ScorerOption, read_options};
use super::registry::Entry;
use super::{ScoreFailure, Scorer, ScorerError};
use crate::prompt::Pattern;
use crate::{
    Api, Completion, GenerationSettings, Generator, Input, Item, Message, Prompt, Request, Role,
};

mod scale;
mod settings;

use scale::Scale;

pub(super) const ENTRY: Entry = Entry {
    name: "judge",
    summary: "the grade that another model gives, as a share of its scale",
    options: &[
        ScorerOption {
            name: "endpoint",
            kind: OptionKind::Text,
            summary: "where that model is, such as http://127.0.0.1:8080/v1",
        },
        ScorerOption { name: "model", kind: OptionKind::Text, summary: "its name there" },
        ScorerOption {
            name: "api",
            kind: OptionKind::OneOf(&["chat", "completions"]),
            summary: "what is asked; default chat",
        },
        ScorerOption {
            name: "api_key_env",
            kind: OptionKind::Text,
            summary: "the environment variable with the key; default: no key is sent",
        },
        ScorerOption {
            name: "request_timeout",
            kind: OptionKind::Number,
            summary: "how long one attempt may take, in seconds; default 120",
        },
        ScorerOption {
            name: "input_price",
            kind: OptionKind::Number,
            summary: "what a million tokens that it reads cost; default: unknown",
        },
        ScorerOption {
            name: "output_price",
            kind: OptionKind::Number,
            summary: "what a million tokens that it writes cost; default: unknown",
        },
        ScorerOption {
            name: "rubric",
            kind: OptionKind::Text,
            summary: "what is good; default: to agree with the right answers",
        },
        ScorerOption {
            name: "scale",
            kind: OptionKind::Bounds,
            summary: "the lowest and the highest grade; default [1, 5]",
        },
        ScorerOption {
            name: "template",
            kind: OptionKind::Text,
            summary: "the words it is asked by, with {prompt}, {output}, {answers}, {rubric}, {low}, \
                      {high} and {mark}, which the output can't foresee; default: our own",
        },
        ScorerOption {
            name: "max_tokens",
            kind: OptionKind::Count,
            summary: "the longest answer in tokens; default 256",
        },
    ],
    make: |options, surroundings| {
        let judge = settings::judge(read_options(ENTRY.name, options)?, surroundings)
            .map_err(|message| ScorerError::BadOptions { owner: ENTRY.name, message })?;
        Ok(Box::new(judge))
    },
};

/// How much of what a judge says a failure shows, in characters.
const SHOWN: usize = 100;

/// How many bytes of a hash make a mark, two digits each.
const MARK_BYTES: usize = 4;

#[derive(Debug)]
struct Judge {
    generator: Arc<dyn Generator>,
    api: Api,
    template: Pattern,
    rubric: String,
    scale: Scale,
    settings: GenerationSettings,
}

impl Scorer for Judge {
    /// An answer without a grade is asked for once more.
    fn score(&self, output: &str, item: &Item) -> Result<f64, ScoreFailure> {
        let question = self.question(output, item);
        let first = self.ask(&question, 0)?;
        if let Some(score) = self.scale.score(&first.text) {
            return Ok(score);
        }
        let second = self.ask(&question, 1)?;
        self.scale.score(&second.text).ok_or_else(|| self.no_score(&second))
    }
}

impl Judge {
    fn ask(&self, question: &str, sample: u32) -> Result<Completion, ScoreFailure> {
        let input = match self.api {
            Api::Chat => Input::Messages(vec![Message::new(Role::User, question)]),
            Api::Completions => Input::Text(question.to_owned()),
        };
        let request = Request { input, settings: self.settings.clone(), sample };
        Ok(self.generator.complete(&request)?)
    }

    fn question(&self, output: &str, item: &Item) -> String {
        let fields = BTreeMap::from([
            ("prompt", prompt(item)),
            ("output", output.to_owned()),
            ("answers", item.answers.join("\n")),
            ("rubric", self.rubric.clone()),
            ("low", self.scale.low.to_string()),
            ("high", self.scale.high.to_string()),
            ("mark", mark(output)),
        ]);
        self.template.fill(&fields).expect("its fields were checked when it was made")
    }

    fn no_score(&self, answer: &Completion) -> ScoreFailure {
        let is_cut_off = answer.finish_reason.as_deref() == Some("length");
        ScoreFailure::NoScore {
            low: self.scale.low,
            high: self.scale.high,
            said: answer.text.trim().chars().take(SHOWN).collect(),
            cut_off: self.settings.max_tokens.filter(|_| is_cut_off),
        }
    }
}

/// What was asked, as one text.
fn prompt(item: &Item) -> String {
    match &item.prompt {
        Prompt::Text(text) => text.clone(),
        Prompt::Messages(messages) => {
            let turn = |message: &Message| format!("{}: {}", message.role, message.content);
            messages.iter().map(turn).collect::<Vec<_>>().join("\n\n")
        }
    }
}

/// A word to enclose the output with, which it would have to know its own hash to contain.
fn mark(output: &str) -> String {
    let hash = Sha256::digest(output);
    let digits: String = hash[..MARK_BYTES].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("output-{digits}")
}

#[cfg(test)]
mod tests;
