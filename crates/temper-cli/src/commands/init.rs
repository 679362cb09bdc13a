//! `temper init`.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use miette::{IntoDiagnostic, Result, miette};

use crate::args::{InitArgs, Template};
use crate::exit::Exit;

/// A file by its name and content.
type File = (&'static str, &'static str);

pub(crate) fn run(args: &InitArgs) -> Result<Exit> {
    let (study, program) = files(args.template);
    let path = args.path.clone().unwrap_or_else(|| PathBuf::from(study.0));
    if path.as_os_str() == "-" {
        print!("{}", study.1);
        return Ok(Exit::Ok);
    }
    write_new(&path, study.1)?;
    if let Some((name, text)) = program
        && !path.with_file_name(name).exists()
    {
        write_new(&path.with_file_name(name), text)?;
    }
    eprintln!("next: temper check {0}, then temper run {0}", path.display());
    Ok(Exit::Ok)
}

/// The study file of a template, and the program or the data that it needs.
fn files(template: Template) -> (File, Option<File>) {
    match template {
        Template::Pretrain => {
            (("pretrain.toml", include_str!("../../templates/pretrain.toml")), None)
        }
        Template::Finetune => (
            ("finetune.toml", include_str!("../../templates/finetune.toml")),
            Some(("finetune.py", include_str!("../../templates/finetune.py"))),
        ),
        Template::Generate => (
            ("generate.toml", include_str!("../../templates/generate.toml")),
            Some(("questions.jsonl", include_str!("../../templates/questions.jsonl"))),
        ),
        Template::Command => (
            ("command.toml", include_str!("../../templates/command.toml")),
            Some(("train.py", include_str!("../../templates/train.py"))),
        ),
    }
}

/// Writes a file that must not be there yet.
fn write_new(path: &Path, text: &str) -> Result<()> {
    let mut file = match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(miette!(
                help = "choose another path: temper init TEMPLATE PATH",
                "`{}` exists already",
                path.display()
            ));
        }
        Err(error) => return Err(miette!("can't write `{}`: {error}", path.display())),
    };
    file.write_all(text.as_bytes()).into_diagnostic()?;
    eprintln!("wrote {}", path.display());
    Ok(())
}
