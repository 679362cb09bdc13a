//! `cargo xtask test [ARGUMENT]...`: the whole test suite.
//!
//! Tests and doc tests are two commands, since cargo-nextest runs no doc tests. Extra arguments go
//! to both: a filter, `--release`, `--package`. For a flag that only one of them knows, call that
//! one.

use crate::failure::Failure;
use crate::step::Step;
use crate::tree::Tree;

/// Runs all tests, or those of the packages that the arguments name.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    if packages(arguments).is_empty() {
        return suite(&["--workspace".to_owned()], arguments);
    }
    suite(&[], arguments)
}

/// Runs the tests and then the doc tests of the packages that `selection` and `arguments` name.
pub(crate) fn suite(selection: &[String], arguments: &[String]) -> Result<(), Failure> {
    let nextest = Step::cargo(&["nextest", "--version"]).succeeds()?;
    let runner: &[&str] = if nextest { &["nextest", "run"] } else { &["test", "--tests"] };
    Step::cargo(runner).and(selection).and(arguments).run()?;

    let named = [packages(selection), packages(arguments)].concat();
    if has_library(&Tree::read()?, &named) {
        Step::cargo(&["test", "--doc"]).and(selection).and(arguments).run()?;
    }
    Ok(())
}

/// The packages that cargo's arguments name.
fn packages(arguments: &[String]) -> Vec<&str> {
    let mut words = arguments.iter().map(String::as_str).take_while(|&word| word != "--");
    let mut packages = Vec::new();
    while let Some(word) = words.next() {
        match word {
            "-p" | "--package" => packages.extend(words.next()),
            _ => packages.extend(word.strip_prefix("--package=")),
        }
    }
    packages
}

/// Whether there can be doc tests: cargo refuses to look for them where no package, of those
/// selected, has a library. No package named means all of them.
fn has_library(tree: &Tree, packages: &[&str]) -> bool {
    packages.is_empty()
        || packages.iter().any(|name| tree.files.contains_key(&format!("crates/{name}/src/lib.rs")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_read_as_cargo_reads_them() {
        let words = ["a_filter", "-p", "gp", "--package=core", "--package", "cli", "--", "-p", "x"];
        let arguments: Vec<_> = words.iter().map(ToString::to_string).collect();
        assert_eq!(packages(&arguments), ["gp", "core", "cli"]);
    }

    #[test]
    fn doc_tests_need_a_package_with_a_library() {
        let tree =
            Tree::of(&[("crates/temper-gp/src/lib.rs", ""), ("crates/temper-cli/src/main.rs", "")]);
        assert!(has_library(&tree, &[]));
        assert!(has_library(&tree, &["temper-cli", "temper-gp"]));
        assert!(!has_library(&tree, &["temper-cli"]));
    }
}
