//! Which crate may depend on which, and which on burn.

use crate::manifest::{Dependency, DependencyKind, Manifest, is_burn};
use crate::tree::Tree;

use super::finding::Finding;

/// Each crate, and the crates of the workspace on which it may depend. Tests may depend on any.
const ARROWS: &[(&str, May)] = &[
    ("temper-space", May::Only(&[])),
    ("temper-gp", May::Only(&[])),
    ("temper-core", May::Only(&["temper-space"])),
    ("temper-strategy", May::Only(&["temper-core", "temper-gp", "temper-space"])),
    ("temper-storage", May::Only(&["temper-core"])),
    ("temper-study", May::Only(&["temper-core", "temper-space"])),
    ("temper-optim", May::Only(&[])),
    ("temper-train", May::Only(&["temper-optim"])),
    ("temper-generate", May::Only(&["temper-core"])),
    ("temper-report", May::Only(&["temper-core", "temper-space"])),
    ("temper-cli", May::All),
    ("xtask", May::Only(&[])),
];

/// The crates that may depend on burn, in their tests also.
const BURNING: [&str; 2] = ["temper-optim", "temper-train"];

/// On which crates of the workspace one may depend.
#[derive(Clone, Copy)]
enum May {
    Only(&'static [&'static str]),
    All,
}

/// Finds the dependencies that are not in the table, and the crates that are not.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.manifests.iter().flat_map(|manifest| check_crate(tree, manifest)).collect()
}

fn check_crate(tree: &Tree, manifest: &Manifest) -> Vec<Finding> {
    let Manifest { path, name, line, dependencies, .. } = manifest;
    let Some((_, may)) = ARROWS.iter().find(|(listed, _)| listed == name) else {
        let advice = "say on which crates it may depend in ARROWS of xtask/src/tidy/arrows.rs";
        return vec![Finding::error(path, *line, format!("`{name}` has no arrows: {advice}"))];
    };
    let is_ours = |name: &str| tree.manifests.iter().any(|manifest| manifest.name == name);
    let is_wrong = |needed: &&Dependency| {
        if is_burn(&needed.name) {
            return !BURNING.contains(&name.as_str());
        }
        is_ours(&needed.name) && needed.kind != DependencyKind::Dev && !may.depend_on(&needed.name)
    };
    let found = |needed: &Dependency| {
        let message = format!("`{name}` may not depend on `{}`", needed.name);
        Finding::error(path, needed.line, message)
    };
    dependencies.iter().filter(is_wrong).map(found).collect()
}

impl May {
    fn depend_on(self, name: &str) -> bool {
        match self {
            Self::Only(names) => names.contains(&name),
            Self::All => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::lines;
    use super::*;

    const CORE: &str = "\
[package]
name = 'temper-core'
[dependencies]
serde = '1'
temper-space.workspace = true
temper-study.workspace = true
[dev-dependencies]
temper-storage.workspace = true
burn-flex = '1'
";

    #[test]
    fn an_arrow_that_is_not_in_the_table_is_found_but_in_tests_only_burn_is() {
        let tree = Tree::of(&[
            ("crates/temper-core/Cargo.toml", CORE),
            ("crates/temper-space/Cargo.toml", "[package]\nname = 'temper-space'"),
            ("crates/temper-storage/Cargo.toml", "[package]\nname = 'temper-storage'"),
            ("crates/temper-study/Cargo.toml", "[package]\nname = 'temper-study'"),
        ]);
        let expected = [
            "crates/temper-core/Cargo.toml:6: error: `temper-core` may not depend on `temper-study`",
            "crates/temper-core/Cargo.toml:9: error: `temper-core` may not depend on `burn-flex`",
        ];
        assert_eq!(lines(&check(&tree)), expected);
    }

    #[test]
    fn a_crate_that_is_not_in_the_table_is_found() {
        let tree = Tree::of(&[("crates/new/Cargo.toml", "[package]\nname = 'new'")]);
        let [finding] = &check(&tree)[..] else { panic!("one finding") };
        assert!(finding.message.starts_with("`new` has no arrows: say"), "{finding}");
    }

    #[test]
    fn the_arrows_of_the_table_lead_only_upwards_in_it() {
        for (place, (name, may)) in ARROWS.iter().enumerate() {
            let May::Only(needed) = may else { continue };
            let is_above = |it: &&str| ARROWS[..place].iter().any(|(above, _)| above == it);
            assert!(needed.iter().all(is_above), "{name}");
        }
    }
}
