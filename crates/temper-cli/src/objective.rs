//! What a study tries: a program, or the built-in trainer in a child process.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use miette::{Result, miette};
use temper_core::{Goal, Job, Objective};
use temper_space::Space;
use temper_study::{CommandObjective, CommandSettings, Template, TrialFolders};

use crate::document::Document;
use crate::mistake::suggest;
use crate::plan::duration;
use crate::size::parse_bytes;
use crate::study_file::{ObjectiveKind, ObjectiveSection};
use crate::train_settings::TrainSettings;

/// How long a program may take to end once it was asked to.
const GRACE: Duration = Duration::from_secs(10);

/// How many threads the trainer computes with; trials that run at once share the cores.
const THREADS: &str = "RAYON_NUM_THREADS";

/// Where the settings of a trial of the built-in trainer are, in the trial's folder.
const TRAIN_CONFIG: &str = "config.toml";

/// Programs whose first argument is a file to run.
const INTERPRETERS: [&str; 7] = [
    "python", "python3", "sh", "bash", "node", "Rscript", "julia",
];

/// An objective that can be run.
#[derive(Debug)]
pub(crate) struct ObjectivePlan {
    settings: CommandSettings,
    pub(crate) train: Option<TrainSettings>,
}

impl ObjectivePlan {
    pub(crate) fn new(
        document: &Document,
        section: ObjectiveSection,
        space: &Space,
        goals: &[Goal],
    ) -> Result<Self> {
        let span = |key: &str, text: &Option<String>| -> Result<Option<Duration>> {
            text.as_ref()
                .map(|text| duration(document, &["objective", key], text))
                .transpose()
        };
        let timeout = span("timeout", &section.timeout)?;
        let grace = span("grace", &section.grace)?.unwrap_or(GRACE);
        let memory_limit = memory_limit(document, section.memory_limit.as_deref())?;
        let (command, env, train) = match section.kind {
            ObjectiveKind::Command { command, env } => {
                (program(document, &command, space)?, env, None)
            }
            ObjectiveKind::Train(config) => {
                let settings = TrainSettings::new(document, *config, space, goals)?;
                (trainer()?, BTreeMap::new(), Some(settings))
            }
        };
        let working_dir = document.folder();
        let goals = goals.to_vec();
        let settings = CommandSettings {
            command,
            working_dir,
            goals,
            timeout,
            memory_limit,
            grace,
            env,
        };
        Ok(Self { settings, train })
    }

    /// Makes the objective, for a run of that many trials at once.
    pub(crate) fn build(&self, folders: TrialFolders, workers: u16) -> Box<dyn Objective> {
        let mut command = self.settings.clone();
        let Some(settings) = self.train.clone() else {
            return Box::new(CommandObjective::new(command, folders));
        };
        if env::var_os(THREADS).is_none() {
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            let threads = (cores / usize::from(workers)).max(1);
            command.env.insert(THREADS.to_owned(), threads.to_string());
        }
        let write = move |job: &Job, folder: &Path| {
            let config = settings.with(&job.config).map_err(io::Error::other)?;
            let text = toml::to_string(&config).map_err(io::Error::other)?;
            fs::write(folder.join(TRAIN_CONFIG), text)
        };
        Box::new(CommandObjective::new(command, folders).with_files(Box::new(write)))
    }
}

/// This very program, as a trainer.
fn trainer() -> Result<Vec<Template>> {
    let program =
        env::current_exe().map_err(|error| miette!("can't find this program: {error}"))?;
    let program = program
        .display()
        .to_string()
        .replace('{', "{{")
        .replace('}', "}}");
    let config = format!("{{trial_dir}}/{TRAIN_CONFIG}");
    [&program, "train", &config, "--json"]
        .into_iter()
        .map(|argument| Template::parse(argument).map_err(|error| miette!("{error}")))
        .collect()
}

/// The user's command, if it can be run.
fn program(document: &Document, command: &[String], space: &Space) -> Result<Vec<Template>> {
    let known: Vec<&str> = space
        .params()
        .iter()
        .map(temper_space::Param::name)
        .chain(space.derived().iter().map(temper_space::Derived::name))
        .collect();
    let mut templates = Vec::new();
    for (index, argument) in command.iter().enumerate() {
        let index = index.to_string();
        let path = ["objective", "command", &index];
        let template = Template::parse(argument).map_err(|error| {
            document.mistake(&path, error.to_string()).help(Some(
                "for a brace that is meant, write it twice: {{ or }}".to_owned(),
            ))
        })?;
        if let Some(unknown) = template.params().find(|name| !known.contains(name)) {
            return Err(document
                .mistake(
                    &path,
                    format!("`{{{unknown}}}` is not a parameter of the space"),
                )
                .help(Some(suggest(unknown, &known)))
                .into());
        }
        templates.push(template);
    }
    check_program(document, command)?;
    Ok(templates)
}

/// A program that is not there fails every trial: better to say so before the first.
fn check_program(document: &Document, command: &[String]) -> Result<()> {
    let Some(program) = command.first() else {
        return Err(document
            .mistake(&["objective", "command"], "the command is empty")
            .into());
    };
    if program.contains('{') {
        return Ok(()); // known only once a trial is
    }
    if !exists(&document.folder(), program) {
        return Err(document
            .mistake(
                &["objective", "command", "0"],
                format!("there is no program `{program}`"),
            )
            .help(Some(format!(
                "install it, or give a path, from the study file's folder: \"./{program}\""
            )))
            .into());
    }
    let name = Path::new(program)
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    match command.get(1) {
        Some(script)
            if INTERPRETERS.contains(&name)
                && !script.starts_with('-')
                && !script.contains('{')
                && !document.folder().join(script).exists() =>
        {
            Err(document
                .mistake(
                    &["objective", "command", "1"],
                    format!("there is no file `{script}`"),
                )
                .help(Some("paths start from the study file's folder".to_owned()))
                .into())
        }
        _ => Ok(()),
    }
}

fn exists(folder: &Path, program: &str) -> bool {
    if program.contains('/') {
        return folder.join(program).is_file();
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .map(|folder: PathBuf| folder.join(program))
        .any(|file| file.is_file())
}

fn memory_limit(document: &Document, text: Option<&str>) -> Result<Option<u64>> {
    let Some(text) = text else { return Ok(None) };
    match parse_bytes(text) {
        Some(bytes) => Ok(Some(bytes)),
        None => Err(document
            .mistake(
                &["objective", "memory_limit"],
                format!("`{text}` is not an amount of memory"),
            )
            .help(Some("write it like \"512 MiB\" or \"2 GB\"".to_owned()))
            .into()),
    }
}
