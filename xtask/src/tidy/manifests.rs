//! Every package says what it is, under which license, and which Rust it needs.

use crate::manifest::Manifest;
use crate::tree::Tree;

use super::finding::Finding;

const REQUIRED: [&str; 3] = ["description", "license", "rust-version"];

/// Finds the manifests that lack a key. One inherited from the workspace counts.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.manifests.iter().flat_map(check_manifest).collect()
}

fn check_manifest(manifest: &Manifest) -> impl Iterator<Item = Finding> {
    let missing = REQUIRED.into_iter().filter(|&key| !manifest.keys.contains(key));
    missing.map(|key| {
        let message = format!("`{}` has no `{key}`", manifest.name);
        Finding::error(&manifest.path, manifest.line, message)
    })
}

#[cfg(test)]
mod tests {
    use super::super::finding::lines;
    use super::*;

    #[test]
    fn a_missing_key_is_found_and_an_inherited_one_counts() {
        let manifest = "[package]\nname = 'a'\nlicense.workspace = true\nrust-version = '1.95'";
        let tree = Tree::of(&[("crates/a/Cargo.toml", manifest)]);
        assert_eq!(
            lines(&check(&tree)),
            ["crates/a/Cargo.toml:2: error: `a` has no `description`"]
        );
    }
}
