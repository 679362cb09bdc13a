//! Studies of how a model generates, and a server that plays the model.
#![allow(dead_code, reason = "it is compiled into each target, and none needs all of it")]

#[path = "../../crates/temper-generate/tests/faulty/mod.rs"]
pub(crate) mod faulty;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::lab::Lab;
use faulty::{Reply, Seen, Server, is_greeting};

/// How many questions there are.
pub(crate) const ITEMS: u64 = 20;

/// How many tokens an answer reads and writes.
pub(crate) const TOKENS: u64 = 12;

/// A study of how hot the model is to be. Nothing in it waits long.
pub(crate) const STUDY: &str = r#"[study]
name = "quiz"
trials = 4
seed = 1

[objective]
kind = "generate"
data = "sums.jsonl"
endpoint = "ENDPOINT"
model = "tiny"
scorers = ["exact_match"]
batch_size = 5
max_retries = 3
first_wait = 0.001
longest_wait = 0.002

[space]
temperature = { type = "float", low = 0.1, high = 1.5, default = 1.0 }
"#;

/// A server that plays the model, and is in trouble from some request on until it is mended.
pub(crate) struct Quiz {
    pub(crate) server: Server,
    /// What it has answered.
    answered: Arc<Mutex<Vec<Value>>>,
    is_mended: Arc<AtomicBool>,
}

/// What is counted in the store of answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ledger {
    pub(crate) requests: u64,
    pub(crate) tokens: u64,
    pub(crate) cost: f64,
}

impl Quiz {
    /// One that is well.
    pub(crate) fn new() -> Self {
        Self::with(|_, _| None)
    }

    /// One that replies otherwise from that request on, counted from 0.
    pub(crate) fn failing_from(first: usize, fault: Reply) -> Self {
        Self::with(move |index, _| (index >= first).then(|| fault.clone()))
    }

    /// One that replies otherwise to some requests, by their number, as long as it is not mended.
    pub(crate) fn with(
        trouble: impl Fn(usize, &Seen) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        let (answered, is_mended) = (Arc::<Mutex<Vec<Value>>>::default(), Arc::default());
        let (kept, mended) = (Arc::clone(&answered), Arc::<AtomicBool>::clone(&is_mended));
        let server = Server::answering(move |index, seen| {
            let trouble = if mended.load(Ordering::SeqCst) { None } else { trouble(index, seen) };
            trouble.unwrap_or_else(|| {
                if is_greeting(seen) {
                    return Reply::text("Hello");
                }
                kept.lock().expect("no thread panics with it").push(seen.body.clone());
                model(seen)
            })
        });
        Self { server, answered, is_mended }
    }

    pub(crate) fn mend(&self) {
        self.is_mended.store(true, Ordering::SeqCst);
    }

    /// How many requests it has answered.
    pub(crate) fn answered(&self) -> u64 {
        self.answered.lock().expect("no thread panics with it").len() as u64
    }

    /// Checks that it answered nothing twice, and that all that it answered is in the ledger.
    #[track_caller]
    pub(crate) fn assert_asked_once(&self, lab: &Lab) {
        let answered = self.answered.lock().expect("no thread panics with it").clone();
        let distinct: BTreeSet<String> = answered.iter().map(Value::to_string).collect();
        assert_eq!(distinct.len(), answered.len(), "something was answered twice");
        assert_eq!(ledger(lab).requests, answered.len() as u64, "answered, and in the ledger");
    }
}

/// The hotter it is, the fewer of the sums it gets right: half of them as it is by default. With
/// `max_tokens` it writes so many, and gets so many right.
fn model(seen: &Seen) -> Reply {
    let said = seen.body["messages"].as_array().and_then(|messages| messages.last());
    let question = said.and_then(|message| message["content"].as_str()).unwrap_or_default();
    let number = question.split_whitespace().next().and_then(|word| word.parse::<u32>().ok());
    let number = f64::from(number.unwrap_or_default());
    let heat = seen.body["temperature"].as_f64().unwrap_or(1.0);
    let written = seen.body["max_tokens"].as_f64();
    let known = written.unwrap_or(20.0 - 10.0 * heat);
    let text = if number <= known { (2.0 * number).to_string() } else { "unknown".to_owned() };
    let message = json!({"role": "assistant", "content": text});
    let usage = json!({"prompt_tokens": 10, "completion_tokens": written.unwrap_or(2.0) as u64});
    Reply::json(200, &json!({"choices": [{"message": message}], "usage": usage}))
}

/// A folder with the study, which asks the server, and its questions.
pub(crate) fn lab(study: &str, quiz: &Quiz) -> Lab {
    let lab = Lab::with_study(&study.replace("ENDPOINT", &quiz.server.url()));
    lab.write("sums.jsonl", &sums());
    lab
}

/// The questions.
pub(crate) fn sums() -> String {
    let sum = |n: u64| {
        let kind = if n.is_multiple_of(2) { "even" } else { "odd" };
        json!({"id": n, "prompt": format!("{n} + {n}"), "answer": 2 * n, "kind": kind}).to_string()
    };
    (1..=ITEMS).map(|n| sum(n) + "\n").collect()
}

/// What is counted in the store of answers, for whomever.
pub(crate) fn ledger(lab: &Lab) -> Ledger {
    let path = lab.path("answers.db");
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
    let select =
        "SELECT sum(requests), sum(input_tokens + output_tokens), sum(cost) FROM spendings";
    let read = connection.and_then(|connection| {
        connection.query_row(select, [], |row| {
            Ok(Ledger { requests: row.get(0)?, tokens: row.get(1)?, cost: row.get(2)? })
        })
    });
    read.expect("something was spent")
}

/// The values of the trials, which an undisturbed study has too.
pub(crate) fn values(lab: &Lab) -> Vec<Value> {
    let trials = crate::lab::trials::trials(lab).into_values();
    trials.map(|trial| json!([trial["params"], trial["state"], trial["value"]])).collect()
}

/// What the study comes to when nothing is wrong.
pub(crate) fn undisturbed(study: &str) -> Vec<Value> {
    let quiz = Quiz::new();
    let lab = lab(study, &quiz);
    lab.temper(&["run", "study.toml"]).ok();
    quiz.assert_asked_once(&lab);
    values(&lab)
}

/// The files below a folder that hold a text.
pub(crate) fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
            continue;
        }
        let bytes = fs::read(&path).expect("the file can be read");
        if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
            found.push(path.display().to_string());
        }
    }
    found
}
