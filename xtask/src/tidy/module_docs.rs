//! Every source file says first what it is.

use crate::tree::{Tree, file_name};

use super::finding::Finding;

/// Finds the sources whose first line is not a module's documentation.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let needs_docs = |path: &str| path.contains("/src/") && !is_test(path);
    tree.sources()
        .filter(|(path, _)| needs_docs(path))
        .filter_map(|(path, text)| check_file(path, text))
        .collect()
}

fn check_file(path: &str, text: &str) -> Option<Finding> {
    let mut lines = (1..).zip(text.lines());
    let (line, first) = lines.find(|(_, line)| !line.trim().is_empty()).unwrap_or((1, ""));
    let message = "a file begins with `//!` and what it is, in one sentence";
    (!first.starts_with("//!")).then(|| Finding::error(path, line, message))
}

fn is_test(path: &str) -> bool {
    file_name(path) == "tests.rs" || path.contains("/tests/")
}

#[cfg(test)]
mod tests {
    use super::super::finding::lines;
    use super::*;

    #[test]
    fn a_source_without_docs_is_found_unless_it_is_a_test() {
        let tree = Tree::of(&[
            ("crates/a/src/empty.rs", ""),
            ("crates/a/src/good.rs", "\n//! Good.\nuse std::fmt;"),
            ("crates/a/src/late.rs", "\nuse std::fmt;\n//! Late."),
            ("crates/a/src/late/tests.rs", "use super::*;"),
            ("crates/a/src/late/tests/more.rs", "use super::*;"),
            ("crates/a/tests/conformance.rs", "use a::*;"),
        ]);
        let expected = [
            "crates/a/src/empty.rs:1: error: a file begins with `//!` and what it is, in one sentence",
            "crates/a/src/late.rs:2: error: a file begins with `//!` and what it is, in one sentence",
        ];
        assert_eq!(lines(&check(&tree)), expected);
    }
}
