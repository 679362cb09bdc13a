//! `temper repair`.

use std::fs;
use std::path::{Path, PathBuf};

use miette::{IntoDiagnostic, Result, WrapErr, miette};
use temper_storage::salvage;

use crate::args::StudyArgs;
use crate::exit::Exit;
use crate::plan::Plan;

/// Moves the damaged log aside and puts a copy of its readable events in its place.
pub(crate) fn run(args: &StudyArgs) -> Result<Exit> {
    let plan = Plan::load(args)?;
    if plan.events().is_ok() {
        println!("{} is not damaged", plan.storage.display());
        return Ok(Exit::Ok);
    }
    let copy = with_suffix(&plan.storage, "-salvaged");
    let aside = with_suffix(&plan.storage, "-damaged");
    for path in [&copy, &aside] {
        if path.exists() {
            return Err(miette!(help = "move it away first", "`{}` exists", path.display()));
        }
    }
    let count = salvage(&plan.storage, &copy).map_err(|error| plan.explain(&error))?;
    for suffix in ["", "-wal", "-shm"] {
        let from = with_suffix(&plan.storage, suffix);
        if from.exists() {
            rename(&from, &with_suffix(&aside, suffix))?;
        }
        let from = with_suffix(&copy, suffix);
        if from.exists() {
            rename(&from, &with_suffix(&plan.storage, suffix))?;
        }
    }
    println!("saved {count} events; the damaged log is now {}", aside.display());
    Ok(Exit::Ok)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to)
        .into_diagnostic()
        .wrap_err_with(|| format!("can't rename `{}` to `{}`", from.display(), to.display()))
}
