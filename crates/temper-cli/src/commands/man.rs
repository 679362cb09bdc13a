//! `temper man`.

use std::fs;
use std::io;

use clap::CommandFactory;
use miette::{IntoDiagnostic, Result};

use crate::args::{Args, ManArgs};
use crate::exit::Exit;

pub(crate) fn run(args: &ManArgs) -> Result<Exit> {
    let command = Args::command();
    match &args.folder {
        None => clap_mangen::Man::new(command).render(&mut io::stdout()).into_diagnostic()?,
        Some(folder) => {
            fs::create_dir_all(folder).into_diagnostic()?;
            clap_mangen::generate_to(command, folder).into_diagnostic()?;
        }
    }
    Ok(Exit::Ok)
}
