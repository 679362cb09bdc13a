//! `cargo xtask core [ARGUMENT]...`: the tests of the crates that build without burn.

use std::collections::BTreeSet;

use crate::failure::Failure;
use crate::manifest::is_burn;
use crate::test;
use crate::tree::Tree;

/// Runs the tests of every package from which no dependency leads to burn.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let tree = Tree::read()?;
    let flags: Vec<_> =
        without_burn(&tree).iter().map(|package| format!("--package={package}")).collect();
    test::suite(&flags, arguments)
}

/// The packages from which no dependency leads to burn, those of tests included.
fn without_burn(tree: &Tree) -> Vec<&str> {
    let mut burning = BTreeSet::new();
    loop {
        let known = burning.len();
        for manifest in &tree.manifests {
            let mut needs = manifest.dependencies.iter().map(|needed| needed.name.as_str());
            if needs.any(|name| is_burn(name) || burning.contains(name)) {
                burning.insert(manifest.name.as_str());
            }
        }
        if burning.len() == known {
            break;
        }
    }
    let names = tree.manifests.iter().map(|manifest| manifest.name.as_str());
    names.filter(|name| !burning.contains(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_burns_through_others_and_through_its_tests() {
        let tree = Tree::of(&[
            ("a/Cargo.toml", "[package]\nname = 'a'\n[dependencies]\nb.path = '../b'"),
            ("b/Cargo.toml", "[package]\nname = 'b'\n[dependencies]\nc.path = '../c'"),
            ("c/Cargo.toml", "[package]\nname = 'c'\n[dev-dependencies]\nburn-flex = '1'"),
            ("d/Cargo.toml", "[package]\nname = 'd'\n[dependencies]\nserde = '1'"),
        ]);
        assert_eq!(without_burn(&tree), ["d"]);
    }
}
