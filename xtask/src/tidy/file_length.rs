//! A long file often holds a second thing.

use crate::tree::{Tree, file_name};

use super::finding::Finding;

/// The lines past which a file is looked at.
const LONG: usize = 300;

/// Warns of long sources, at the first line too many.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.sources()
        .filter(|(path, text)| file_name(path) != "tests.rs" && text.lines().count() > LONG)
        .map(|(path, text)| {
            let message = format!(
                "{} lines, more than {LONG}: look for the second thing in it",
                text.lines().count(),
            );
            Finding::warning(path, LONG + 1, message)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::finding::lines;
    use super::*;

    #[test]
    fn a_long_file_is_warned_of_unless_it_holds_tests() {
        let tree = Tree::of(&[
            ("crates/a/src/fits.rs", &"//\n".repeat(300)),
            ("crates/a/src/long.rs", &"//\n".repeat(301)),
            ("crates/a/src/long/tests.rs", &"//\n".repeat(301)),
        ]);
        let expected = "crates/a/src/long.rs:301: warning: \
            301 lines, more than 300: look for the second thing in it";
        assert_eq!(lines(&check(&tree)), [expected]);
    }
}
