//! What another program says of the output.

use std::env;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::option::{OptionKind, ScorerOption, read_options};
use super::registry::Entry;
use super::{ScoreFailure, Scorer, ScorerError, Surroundings};
use crate::{Item, Prompt};

mod run;

use run::{Ran, run};

pub(super) const ENTRY: Entry = Entry {
    name: "command",
    summary: "the score from 0 to 1 that a program prints in its last line",
    options: &[
        ScorerOption {
            name: "command",
            kind: OptionKind::Texts,
            summary: "the program, which reads the output and its item as JSON, and its arguments",
        },
        ScorerOption {
            name: "timeout",
            kind: OptionKind::Number,
            summary: "how long it may take for one output, in seconds; default 60",
        },
    ],
    make: |options, surroundings| {
        let program = program(read_options(ENTRY.name, options)?, surroundings)
            .map_err(|message| ScorerError::BadOptions { owner: ENTRY.name, message })?;
        Ok(Box::new(program))
    },
};

/// The longest time that may be set, in seconds: a day.
const LONGEST: f64 = 86_400.0;

/// How much of what a program says a failure shows, in characters.
const SHOWN: usize = 300;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    command: Vec<String>,
    #[serde(default = "default_timeout")]
    timeout: f64,
}

fn default_timeout() -> f64 {
    60.0
}

/// A program that is run anew for each output, in the folder of the study file.
#[derive(Debug)]
struct Program {
    /// Its name in the study file.
    name: String,
    path: PathBuf,
    arguments: Vec<String>,
    folder: PathBuf,
    timeout: Duration,
}

impl Scorer for Program {
    /// The program reads one line of JSON with `output`, `id`, `prompt` or `messages`, `answers`,
    /// `choices` and `fields`, and prints a number or an object with a `score`. What it printed
    /// before that is passed over.
    fn score(&self, output: &str, item: &Item) -> Result<f64, ScoreFailure> {
        let mut command = Command::new(&self.path);
        command.args(&self.arguments).current_dir(&self.folder);
        let input = format!("{}\n", told(output, item));
        let ran = run(command, input.into_bytes(), self.timeout)
            .map_err(|error| self.failure(format!("can't be run: {error}")))?;
        self.read(&ran).map_err(|problem| self.failure(problem))
    }
}

impl Program {
    fn read(&self, ran: &Ran) -> Result<f64, String> {
        let said = if ran.last_error.is_empty() {
            String::new()
        } else {
            format!(": {}", shown(&ran.last_error))
        };
        match ran.status {
            None => return Err(format!("took longer than {:?}{said}", self.timeout)),
            Some(status) if !status.success() => return Err(format!("ended ({status}){said}")),
            Some(_) => {}
        }
        let line = ran.last_line.trim();
        match score(line) {
            Some(score) if (0.0..=1.0).contains(&score) => Ok(score),
            Some(score) => Err(format!("gave the score {score}, which is not from 0 to 1")),
            None if line.is_empty() => Err(format!("printed nothing{said}")),
            None => Err(format!("printed no number in its last line, but {:?}", shown(line))),
        }
    }

    fn failure(&self, problem: String) -> ScoreFailure {
        ScoreFailure::Program { program: self.name.clone(), problem }
    }
}

/// A number, or the `score` of an object.
fn score(line: &str) -> Option<f64> {
    #[derive(Deserialize)]
    struct Said {
        score: f64,
    }
    let said = || serde_json::from_str(line).ok().map(|said: Said| said.score);
    line.parse().ok().or_else(said)
}

/// What the program reads.
fn told(output: &str, item: &Item) -> Value {
    let mut told = json!({
        "output": output,
        "id": item.id,
        "answers": item.answers,
        "choices": item.choices,
        "fields": item.fields,
    });
    match &item.prompt {
        Prompt::Text(prompt) => told["prompt"] = json!(prompt),
        Prompt::Messages(messages) => told["messages"] = json!(messages),
    }
    told
}

fn shown(said: &str) -> String {
    said.trim().chars().take(SHOWN).collect()
}

fn program(settings: Settings, surroundings: &Surroundings<'_>) -> Result<Program, String> {
    let Settings { command, timeout } = settings;
    let Some((name, arguments)) = command.split_first() else {
        return Err("`command` is empty, but must begin with a program".into());
    };
    if !(timeout > 0.0 && timeout <= LONGEST) {
        return Err(format!("`timeout` is {timeout}, but must be above 0, up to 86400 seconds"));
    }
    let absolute = |path: PathBuf| {
        std::path::absolute(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let path = if name.contains('/') {
        let path = absolute(surroundings.path(name))?;
        is_program(&path).then_some(path)
    } else {
        let folders = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| is_program(path))
    };
    let Some(path) = path else {
        return Err(format!("`command` names the program `{name}`, which is not there"));
    };
    Ok(Program {
        name: name.clone(),
        path,
        arguments: arguments.to_vec(),
        folder: absolute(surroundings.path("."))?,
        timeout: Duration::from_secs_f64(timeout),
    })
}

fn is_program(path: &Path) -> bool {
    let is_executable =
        |file: std::fs::Metadata| file.is_file() && file.permissions().mode() & 0o111 != 0;
    path.metadata().is_ok_and(is_executable)
}

#[cfg(test)]
mod tests;
