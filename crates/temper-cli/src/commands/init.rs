//! `temper init`.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use miette::{IntoDiagnostic, Result, miette};

use crate::args::{InitArgs, Template};
use crate::exit::Exit;

/// The program that the `command` template tunes.
const PROGRAM: (&str, &str) = ("train.py", include_str!("../../templates/train.py"));

pub(crate) fn run(args: &InitArgs) -> Result<Exit> {
    let (name, text) = match args.template {
        Template::Pretrain => (
            "pretrain.toml",
            include_str!("../../templates/pretrain.toml"),
        ),
        Template::Finetune => (
            "finetune.toml",
            include_str!("../../templates/finetune.toml"),
        ),
        Template::Command => ("command.toml", include_str!("../../templates/command.toml")),
    };
    let path = args.path.clone().unwrap_or_else(|| PathBuf::from(name));
    if path.as_os_str() == "-" {
        print!("{text}");
        return Ok(Exit::Ok);
    }
    write_new(&path, text)?;
    if args.template == Template::Command {
        let program = path.with_file_name(PROGRAM.0);
        if !program.exists() {
            write_new(&program, PROGRAM.1)?;
        }
    }
    eprintln!(
        "next: temper check {0}, then temper run {0}",
        path.display()
    );
    Ok(Exit::Ok)
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
