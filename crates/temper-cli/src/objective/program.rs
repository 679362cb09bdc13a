//! The user's command.

use std::env;
use std::path::{Path, PathBuf};

use temper_core::StageSetup;
use temper_space::Space;
use temper_study::Template;

use crate::document::Document;
use crate::mistake::{Mistake, suggest};

/// Programs whose first argument is a file to run.
const INTERPRETERS: [&str; 7] = ["python", "python3", "sh", "bash", "node", "Rscript", "julia"];

/// Reads the user's command.
pub(super) fn read(
    document: &Document,
    command: &[String],
    space: &Space,
    stages: &[StageSetup],
) -> Result<Vec<Template>, Mistake> {
    if command.is_empty() {
        return Err(document.mistake(&["objective", "command"], "the command is empty"));
    }
    let known: Vec<&str> = space
        .params()
        .iter()
        .map(temper_space::Param::name)
        .chain(space.derived().iter().map(temper_space::Derived::name))
        .chain(stages.iter().flat_map(|stage| stage.settings.iter().map(|(name, _)| name)))
        .collect();
    let mut templates = Vec::new();
    for (index, argument) in command.iter().enumerate() {
        let index = index.to_string();
        let path = ["objective", "command", &index];
        let template = Template::parse(argument).map_err(|error| {
            document
                .mistake(&path, error.to_string())
                .help(Some("for a brace that is meant, write it twice: {{ or }}".to_owned()))
        })?;
        if let Some(unknown) = template.params().find(|name| !known.contains(name)) {
            return Err(document
                .mistake(&path, format!("`{{{unknown}}}` is not a parameter of the space"))
                .help(Some(suggest(unknown, &known))));
        }
        templates.push(template);
    }
    Ok(templates)
}

/// A program that is not there fails every trial: better to say so before the first.
pub(super) fn check_present(document: &Document, command: &[String]) -> Result<(), Mistake> {
    let Some(program) = command.first().filter(|program| !program.contains('{')) else {
        return Ok(()); // known only once a trial is
    };
    if !exists(&document.folder(), program) {
        return Err(document
            .mistake(&["objective", "command", "0"], format!("there is no program `{program}`"))
            .help(Some(format!(
                "install it, or give a path, from the study file's folder: \"./{program}\""
            ))));
    }
    let name = Path::new(program).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    match command.get(1) {
        Some(script)
            if INTERPRETERS.contains(&name)
                && !script.starts_with('-')
                && !script.contains('{')
                && !document.folder().join(script).exists() =>
        {
            Err(document
                .mistake(&["objective", "command", "1"], format!("there is no file `{script}`"))
                .help(Some("paths start from the study file's folder".to_owned())))
        }
        _ => Ok(()),
    }
}

fn exists(folder: &Path, program: &str) -> bool {
    if program.contains('/') {
        return folder.join(program).is_file();
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).map(|folder: PathBuf| folder.join(program)).any(|file| file.is_file())
}
