//! What a model is asked for a rewrite, and how its answer is read.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::{Api, Input, Item, Message, Outcome, Rewrite, Role};

/// Between these a text is expected.
const OPENING: &str = "<instruction>";
const CLOSING: &str = "</instruction>";
pub(super) const MARKS: &str = "<instruction> and </instruction>";

/// So many characters of a question or an answer are shown.
const SHOWN: usize = 2000;

/// Between several answers.
const OR: &str = "\nor: ";

/// An item on which a text fails.
#[derive(Debug)]
pub(super) struct Failure {
    question: String,
    answer: String,
    right: String,
    score: String,
}

impl Failure {
    /// An item in the words in which it was asked, with what came of it.
    pub(super) fn new(question: String, item: &Item, outcome: &Outcome, metric: &str) -> Self {
        let mut answers: Vec<&str> = outcome.answers.iter().map(|it| it.text.as_str()).collect();
        answers.extend(outcome.errors.iter().map(String::as_str));
        answers.dedup();
        Self {
            question,
            answer: answers.join(OR),
            right: item.answers.join(OR),
            score: outcome.scores.get(metric).map(|it| it.mean.to_string()).unwrap_or_default(),
        }
    }
}

/// What a model is asked for a rewrite of a text.
pub(super) fn question(
    rewrite: Rewrite,
    text: &str,
    fields: &BTreeSet<String>,
    failures: &[Failure],
) -> String {
    let mut question = match rewrite {
        Rewrite::System if text.is_empty() => {
            "A language model is asked questions, and was not instructed how to answer them."
                .to_owned()
        }
        Rewrite::System => format!(
            "A language model is asked questions. This instruction, which comes before each of \
             them, says how to answer:\n\n{OPENING}\n{text}\n{CLOSING}"
        ),
        Rewrite::Template => format!(
            "A language model is asked questions. Each is put into the words of this template, \
             where a field in braces stands for a part of the question:\n\n\
             {OPENING}\n{text}\n{CLOSING}"
        ),
    };
    question.push_str(
        "\n\nSome of its answers are not right. Here are questions as they were asked, each with \
         what was answered, what is right, and the score of the answer from 0 to 1.\n",
    );
    for (number, failure) in (1..).zip(failures) {
        for (heading, words) in [
            ("Question", &failure.question),
            ("Answer", &failure.answer),
            ("Right", &failure.right),
            ("Score", &failure.score),
        ] {
            let _ = write!(question, "\n## {heading} {number}\n{}\n", shortened(words));
        }
    }
    question.push_str(
        "\nFind out what went wrong: what was misunderstood, which form of answer is expected, \
         what has to be known. Then write a better text: one that helps with all questions of \
         this kind. It must not hold the answers to those above: others will be asked. Keep what is good \
         about the present one.",
    );
    if rewrite == Rewrite::Template {
        let fields: Vec<String> = fields.iter().map(|field| format!("{{{field}}}")).collect();
        let fields = fields.join(", ");
        let _ = write!(
            question,
            " The template must have these fields and no others: {fields}. Where a brace is meant \
             as such, double it."
        );
    }
    let _ = write!(question, " End with the whole new text between {MARKS}.");
    question
}

/// The same as it is sent.
pub(super) fn input(api: Api, question: String) -> Input {
    match api {
        Api::Chat => Input::Messages(vec![Message::new(Role::User, question)]),
        Api::Completions => Input::Text(format!("{question}\n\n")),
    }
}

/// The text between the last marks: what comes before may speak of them.
pub(super) fn parse(said: &str) -> Option<&str> {
    let (before, _) = said.rsplit_once(CLOSING)?;
    let (_, text) = before.rsplit_once(OPENING)?;
    Some(text.trim()).filter(|text| !text.is_empty())
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{} [...]", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proposal_is_what_stands_between_the_last_marks() {
        for (said, text) in [
            ("<instruction>Be brief.</instruction>", Some("Be brief.")),
            ("So:\n<instruction>\nBe\n brief.\n</instruction>\nGood?", Some("Be\n brief.")),
            ("In <instruction>s I use </instruction>: <instruction>A</instruction>", Some("A")),
            ("<instruction>a < b</instruction>", Some("a < b")),
            ("<instruction> </instruction>", None),
            ("<instruction>Be bri", None),
            ("</instruction>Be brief.<instruction>", None),
            ("Be brief.", None),
            ("", None),
        ] {
            assert_eq!(parse(said), text, "{said}");
        }
    }

    #[test]
    fn long_texts_are_shown_in_part_and_cut_between_characters() {
        assert_eq!(shortened(&"ä".repeat(SHOWN)), "ä".repeat(SHOWN));
        assert_eq!(shortened(&"ä".repeat(SHOWN + 1)), "ä".repeat(SHOWN) + " [...]");
    }
}
