//! A file is named after the thing in it.

use crate::tree::{Tree, file_name};

use super::finding::Finding;

const FORBIDDEN: [&str; 6] =
    ["base.rs", "common.rs", "helpers.rs", "misc.rs", "types.rs", "utils.rs"];

/// Finds the sources whose names say nothing.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.sources()
        .filter(|(path, _)| FORBIDDEN.contains(&file_name(path)))
        .map(|(path, _)| Finding::error(path, 1, "name the file after the thing in it"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::finding::lines;
    use super::*;

    #[test]
    fn a_name_that_says_nothing_is_found_anywhere() {
        let tree = Tree::of(&[
            ("crates/a/src/database.rs", ""),
            ("crates/a/src/misc.rs", ""),
            ("tests/common.rs", ""),
        ]);
        let expected = [
            "crates/a/src/misc.rs:1: error: name the file after the thing in it",
            "tests/common.rs:1: error: name the file after the thing in it",
        ];
        assert_eq!(lines(&check(&tree)), expected);
    }
}
