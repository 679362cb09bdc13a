//! `temper` finds the hyperparameters with which a language model trains, fine-tunes or generates
//! well. This is its command line: it reads the arguments, calls one command, and turns the
//! outcome into an exit code.

mod args;
mod commands;
mod document;
mod exit;
mod mistake;
mod objective;
mod plan;
mod progress;
mod size;
mod study_file;
mod train_settings;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use exit::Exit;

fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(exit) => exit.into(),
        Err(report) => {
            eprintln!("{report:?}");
            Exit::UserError.into()
        }
    }
}

fn run(args: Args) -> miette::Result<Exit> {
    match args.command {
        Command::Init(args) => commands::init::run(&args),
        Command::Check(args) => commands::check::run(&args),
        Command::Run(args) => commands::run::run(&args),
        Command::Resume(args) => commands::run::resume(&args),
        Command::Show(args) => commands::show::run(&args),
        Command::Best(args) => commands::best::run(&args),
        Command::Train(args) => commands::train::run(&args),
        Command::Replay(args) => commands::replay::run(&args),
        Command::Repair(args) => commands::repair::run(&args),
        Command::Strategies => commands::strategies::run(),
        Command::Serve(args) => commands::serve::run(&args),
        Command::Completions(args) => commands::completions::run(&args),
        Command::Man(args) => commands::man::run(&args),
    }
}
