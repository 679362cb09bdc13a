//! `cargo xtask tidy`: the rules of the workspace that no compiler knows.
//!
//! A rule is one file with a `check`, and one line in `CHECKS`.

use crate::failure::Failure;
use crate::tree::Tree;

mod arrows;
mod file_length;
mod file_names;
mod finding;
mod manifests;
mod module_docs;
mod registry;
mod unfinished;

use finding::{Finding, Severity};

type Check = fn(&Tree) -> Vec<Finding>;

const CHECKS: [Check; 7] = [
    arrows::check,
    registry::check,
    module_docs::check,
    file_length::check,
    file_names::check,
    unfinished::check,
    manifests::check,
];

/// Prints every finding, and fails if one of them is an error.
pub(crate) fn run() -> Result<(), Failure> {
    let tree = Tree::read()?;
    let mut findings: Vec<_> = CHECKS.iter().flat_map(|check| check(&tree)).collect();
    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    println!("tidy: {errors} errors, {} warnings", findings.len() - errors);
    if errors > 0 { Err(Failure::Said(1)) } else { Ok(()) }
}
