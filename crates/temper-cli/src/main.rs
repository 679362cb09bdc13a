//! `temper` finds the hyperparameters with which a language model trains, fine-tunes or generates
//! well. This is its command line: it reads the arguments, calls one command, and turns the
//! outcome into an exit code.

mod args;
mod commands;
mod confirmation;
mod disk;
mod document;
mod exit;
mod generate_settings;
mod generator;
mod held_out;
mod ledger;
mod memory;
mod mistake;
mod objective;
mod people;
mod plan;
mod progress;
mod prompt_search;
mod say;
mod settings;
mod shell;
mod signals;
mod size;
mod study_file;
mod train_log;
mod train_settings;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Parser;
use miette::{IntoDiagnostic, MietteHandlerOpts, ReportHandler};
use signal_hook::consts::SIGPIPE;

use args::{Args, Command};
use exit::Exit;

fn main() -> ExitCode {
    // Lines are left whole: what a help says can be copied.
    let handler = |_: &_| -> Box<dyn ReportHandler> {
        Box::new(MietteHandlerOpts::new().wrap_lines(false).build())
    };
    miette::set_hook(Box::new(handler)).expect("it is set once");
    match run(Args::parse()) {
        Ok(exit) => exit.into(),
        Err(report) => {
            eprintln!("{report:?}");
            Exit::UserError.into()
        }
    }
}

fn run(args: Args) -> miette::Result<Exit> {
    if !matches!(args.command, Command::Run(_) | Command::Resume(_)) {
        end_with_reader()?;
    }
    match args.command {
        Command::Init(args) => commands::init::run(&args),
        Command::Check(args) => commands::check::run(&args),
        Command::Run(args) => commands::run::run(&args),
        Command::Resume(args) => commands::run::resume(&args),
        Command::Show(args) => commands::show::run(&args),
        Command::Best(args) => commands::best::run(&args),
        Command::Train(args) => commands::train::run(&args),
        Command::Evaluate(args) => commands::evaluate::run(&args),
        Command::Export(args) => commands::export::run(&args),
        Command::Generate(args) => commands::generate::run(&args),
        Command::Schedule(args) => commands::schedule::run(&args),
        Command::Devices => commands::devices::run(),
        Command::Replay(args) => commands::replay::run(&args),
        Command::Clean(args) => commands::clean::run(&args),
        Command::Repair(args) => commands::repair::run(&args),
        Command::Strategies => commands::strategies::run(),
        Command::Serve(args) => commands::serve::run(&args),
        Command::Completions(args) => commands::completions::run(&args),
        Command::Man(args) => commands::man::run(&args),
    }
}

/// Lets a pipe that nobody reads any more end this process quietly, as it ends other programs.
fn end_with_reader() -> miette::Result<()> {
    signal_hook::flag::register_conditional_default(SIGPIPE, Arc::new(AtomicBool::new(true)))
        .map(drop)
        .into_diagnostic()
}
