//! `cargo xtask ci`: everything that a change must pass, the quick checks first.

use crate::failure::Failure;
use crate::step::Step;
use crate::{test, tidy};

/// Runs every check, up to the first that fails.
pub(crate) fn run() -> Result<(), Failure> {
    Step::cargo(&["fmt", "--all", "--check"]).run()?;
    Step::cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]).run()?;
    eprintln!("\n$ cargo xtask tidy");
    tidy::run()?;
    test::run(&[])?;
    Step::cargo(&["doc", "--workspace", "--no-deps"]).with("RUSTDOCFLAGS", "-D warnings").run()
}
