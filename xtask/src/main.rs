//! The chores of the workspace, one file each: `cargo xtask TASK`.

use std::env;
use std::path::Path;
use std::process::ExitCode;

use failure::Failure;

mod bench;
mod ci;
mod core;
mod failure;
mod manifest;
mod peers;
mod step;
mod test;
mod tidy;
mod tree;

const USAGE: &str = "\
usage: cargo xtask TASK [ARGUMENT]...

tasks:
  ci              everything that a change must pass: format, lints, tidy, tests, docs
  test [ARG]...   all tests, on cargo-nextest where it is installed, then the doc tests
  core [ARG]...   the tests of the crates that build without burn: seconds, not minutes
  bench [NAME]    all benchmarks, or the bench target NAME; further arguments go to cargo bench
  peers [ARG]...  our strategies beside other optimizers, by a harness: see CONTRIBUTING.md
  tidy            the rules of the workspace that no compiler knows
  help            this text";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(arguments: &[String]) -> Result<(), Failure> {
    let Some((task, rest)) = arguments.split_first() else {
        return Err(usage());
    };
    let started_in = env::current_dir()?;
    env::set_current_dir(workspace_root())?;
    match (task.as_str(), rest) {
        ("ci", []) => ci::run(),
        ("test", rest) => test::run(rest),
        ("core", rest) => core::run(rest),
        ("bench", rest) => bench::run(rest),
        ("peers", rest) => peers::run(rest, &started_in),
        ("tidy", []) => tidy::run(),
        _ => Err(usage()),
    }
}

fn usage() -> Failure {
    eprintln!("{USAGE}");
    Failure::Said(2)
}

/// The folder that holds this crate's folder.
fn workspace_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the manifest of xtask is in a folder of the workspace")
}
