mod faults;
mod scores;

use std::fmt;
use std::fs;
use std::sync::Mutex;

use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::{Completion, GenerateError, RequestKey};

/// Answers as a function of the question and the request says, and keeps what it was asked.
struct Model {
    #[expect(clippy::type_complexity, reason = "it is written once")]
    answer: Box<dyn Fn(&str, &Request) -> Result<Completion, GenerateError> + Send + Sync>,
    asked: Mutex<Vec<Request>>,
}

impl Model {
    fn new(
        answer: impl Fn(&str, &Request) -> Result<Completion, GenerateError> + Send + Sync + 'static,
    ) -> Self {
        Self { answer: Box::new(answer), asked: Mutex::default() }
    }

    /// One that is always right.
    fn adding() -> Self {
        Self::new(|question, _| Ok(says(sum(question))))
    }

    fn asked(&self) -> Vec<Request> {
        self.asked.lock().unwrap().clone()
    }

    /// The questions in the order in which they were asked.
    fn questions(&self) -> Vec<String> {
        self.asked().iter().map(question).collect()
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Model")
    }
}

impl Generator for Model {
    fn identity(&self) -> Value {
        Value::Null
    }

    fn complete(&self, request: &Request) -> Result<Completion, GenerateError> {
        self.asked.lock().unwrap().push(request.clone());
        (self.answer)(&question(request), request)
    }
}

/// The item's own words: the last message, or the last line of a text.
fn question(request: &Request) -> String {
    match &request.input {
        Input::Messages(messages) => messages.last().unwrap().content.clone(),
        Input::Text(text) => text.lines().last().unwrap().to_owned(),
    }
}

/// What "2 + 2" comes to.
fn sum(question: &str) -> u64 {
    2 * number(question)
}

/// The 2 of "2 + 2".
fn number(question: &str) -> u64 {
    question.split_whitespace().next().unwrap().parse().unwrap()
}

/// An answer that read 10 tokens and wrote 2 within as many seconds as the number.
fn says(number: u64) -> Completion {
    Completion {
        text: number.to_string(),
        input_tokens: Some(10),
        output_tokens: Some(2),
        latency: number as f64,
        finish_reason: None,
        refused: false,
    }
}

/// A folder with `1 + 1` and so on in `sums.jsonl`, named by their numbers, each of a `kind`.
fn sums(count: u64) -> TempDir {
    let kind = |number: u64| if number.is_multiple_of(2) { "even" } else { "odd" };
    let line = |n: u64| {
        let (sum, kind) = (2 * n, kind(n));
        format!(
            "{{\"id\": {n}, \"prompt\": \"{n} + {n}\", \"answer\": {sum}, \"kind\": \"{kind}\"}}\n"
        )
    };
    folder(&(1..=count).map(line).collect::<String>())
}

fn folder(lines: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("sums.jsonl"), lines).unwrap();
    folder
}

/// The settings of an evaluation of that set, with further lines.
fn config(folder: &TempDir, lines: &str) -> GenerateConfig {
    let scorers = if lines.contains("scorers") { "" } else { "scorers = [\"exact_match\"]" };
    let text = format!(
        "data = \"sums.jsonl\"\nendpoint = \"http://127.0.0.1:8080/v1\"\nmodel = \"tiny\"\n\
         {scorers}\n{lines}"
    );
    let mut config: GenerateConfig = toml::from_str(&text).unwrap();
    config.resolve(folder.path());
    config
}

fn evaluation(folder: &TempDir, lines: &str) -> Result<Evaluation, ConfigError> {
    let surroundings = Surroundings::without_judges(folder.path());
    Evaluation::new(&config(folder, lines), Part::Search, &surroundings)
}

/// Runs the evaluation to its end.
fn run(folder: &TempDir, lines: &str, model: &Model) -> Result<Tally, EvaluationError> {
    let go_on = &mut |_: &Outcome, _: &Tally| ControlFlow::Continue(());
    evaluation(folder, lines).unwrap().run(model, None, &AtomicBool::new(false), go_on)
}

fn ids(outcomes: &[Outcome]) -> Vec<&str> {
    outcomes.iter().map(|outcome| outcome.id.as_str()).collect()
}

#[test]
fn items_come_in_one_shuffled_order_whatever_the_minibatches_and_the_concurrency() {
    let folder = sums(20);
    let one = run(&folder, "concurrency = 1\nbatch_size = 1", &Model::adding()).unwrap();
    for lines in ["concurrency = 8\nbatch_size = 20", "concurrency = 3\nbatch_size = 7"] {
        assert_eq!(run(&folder, lines, &Model::adding()).unwrap(), one);
    }
    let evaluation = evaluation(&folder, "").unwrap();
    let order: Vec<_> = evaluation.items().iter().map(|item| item.id.as_str()).collect();
    assert_eq!(ids(one.outcomes()), order);
    let mut sorted = order.clone();
    sorted.sort_by_key(|id| id.parse::<u64>().unwrap());
    assert_ne!(order, sorted);
    assert!(sorted.iter().enumerate().all(|(index, id)| **id == (index + 1).to_string()));
    let other = run(&folder, "data_seed = 1", &Model::adding()).unwrap();
    assert_ne!(ids(other.outcomes()), order);
}

#[test]
fn nothing_of_a_minibatch_is_asked_before_the_last_one_was_shown() {
    let folder = sums(8);
    let evaluation = evaluation(&folder, "batch_size = 3\nconcurrency = 2").unwrap();
    let model = Model::adding();
    let mut asked = Vec::new();
    let all = &mut |_: &Outcome, _: &Tally| {
        asked.push(model.asked().len());
        ControlFlow::Continue(())
    };
    evaluation.run(&model, None, &AtomicBool::new(false), all).unwrap();
    assert_eq!(asked, [3, 3, 3, 6, 6, 6, 8, 8]);
    let model = Model::adding();
    let four = &mut |_: &Outcome, tally: &Tally| match tally.outcomes().len() {
        4 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let tally = evaluation.run(&model, None, &AtomicBool::new(false), four).unwrap();
    assert_eq!((tally.outcomes().len(), model.asked().len()), (4, 6));
}

#[test]
fn a_request_has_the_prompt_the_sampling_and_a_number_for_each_sample() {
    let folder = sums(1);
    let lines = "system = \"Add.\"\ntemplate = \"{prompt}\"\ntemperature = 0.5\nsamples = 2\n\
                 first_sample = 7\nconcurrency = 1";
    let model = Model::adding();
    run(&folder, lines, &model).unwrap();
    let asked = model.asked();
    assert_eq!(asked.iter().map(|request| request.sample).collect::<Vec<_>>(), [7, 8]);
    assert_eq!(asked[0].settings.temperature, Some(0.5));
    let Input::Messages(messages) = &asked[0].input else { panic!("{asked:?}") };
    let said: Vec<_> = messages.iter().map(|one| one.content.as_str()).collect();
    assert_eq!(said, ["Add.", "1 + 1"]);
    let keys: Vec<RequestKey> = asked.iter().map(|request| request.key(&Value::Null)).collect();
    assert_ne!(keys[0], keys[1]);
    let model = Model::adding();
    run(&folder, &format!("api = \"completions\"\n{lines}"), &model).unwrap();
    assert_eq!(model.asked()[0].input, Input::Text("Add.\n\n1 + 1".to_owned()));
}

#[test]
fn what_is_held_out_is_never_searched() {
    let folder = sums(20);
    let items = |config: &GenerateConfig, part| {
        let surroundings = Surroundings::without_judges(folder.path());
        let evaluation = Evaluation::new(config, part, &surroundings)?;
        let items = evaluation.items().iter();
        Ok(items.map(|item| item.id.parse::<u64>().unwrap()).collect::<Vec<_>>())
    };
    let half = config(&folder, "held_out = 0.25");
    let (searched, held_out) =
        (items(&half, Part::Search).unwrap(), items(&half, Part::HeldOut).unwrap());
    assert_eq!((searched.len(), held_out.len()), (15, 5));
    assert_eq!(Evaluation::items_of(&half, Part::Search).unwrap(), 15);
    let mut all = [searched, held_out].concat();
    all.sort_unstable();
    assert!(all.into_iter().eq(1..=20));
    fs::write(folder.path().join("other.jsonl"), "{\"prompt\": \"7 + 7\", \"answer\": 14}")
        .unwrap();
    let other = config(&folder, "held_out_data = \"other.jsonl\"");
    assert_eq!(items(&other, Part::Search).unwrap().len(), 20);
    assert_eq!(items(&other, Part::HeldOut).unwrap(), [1], "it is named by its line");
    let none: Result<_, ConfigError> = items(&config(&folder, ""), Part::HeldOut);
    assert_eq!(none.unwrap_err().to_string(), "`held_out` is missing");
}

#[test]
fn files_that_can_not_be_evaluated_are_refused_before_anything_is_asked() {
    let folder = sums(2);
    let said = |lines: &str| {
        let error = evaluation(&folder, lines).unwrap_err();
        (error.key().unwrap(), error.to_string().replace(folder.path().to_str().unwrap(), "F"))
    };
    let told = |key, said: &str| (key, said.to_owned());
    fs::write(folder.path().join("none.jsonl"), "\n").unwrap();
    assert_eq!(
        said("held_out = 0.1"),
        told("held_out", "held-out fraction 0.1 of 2 items is 0, which leaves none on one side")
    );
    assert_eq!(
        said("examples = 1\nexamples_data = \"none.jsonl\""),
        told("examples_data", "evaluation set F/none.jsonl is empty")
    );
    assert_eq!(
        said("examples = 3\nexamples_data = \"sums.jsonl\""),
        told("examples", "3 examples are wanted, and there are 2")
    );
    assert_eq!(
        said("template = \"{question}\""),
        told(
            "template",
            "item \"1\" has no field `question` for the template, but `kind`, `prompt`"
        )
    );
    assert_eq!(said("scorers = [\"exact\"]"), told("scorers", "there is no scorer `exact`"));
    assert_eq!(
        said("scorers = [{ name = \"number\", when = { kind = \"prime\" } }]"),
        told("scorers", "scorer `number` applies to no item of `F/sums.jsonl`")
    );
    assert_eq!(
        said(
            "scorers = [{ name = \"number\", metric = \"right\", when = { kind = \"even\" } }, \
             { name = \"exact_match\", metric = \"right\" }]"
        ),
        told("scorers", "item \"2\" is scored twice for `right`, by `number` and `exact_match`")
    );
}
