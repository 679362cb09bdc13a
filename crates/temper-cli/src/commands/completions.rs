//! `temper completions`.

use std::io;

use clap::CommandFactory;
use miette::Result;

use crate::args::{Args, CompletionsArgs};
use crate::exit::Exit;

pub(crate) fn run(args: &CompletionsArgs) -> Result<Exit> {
    clap_complete::generate(args.shell, &mut Args::command(), "temper", &mut io::stdout());
    Ok(Exit::Ok)
}
