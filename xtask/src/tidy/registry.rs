//! Every strategy and every pruner is in the registry, and the registry names no other.

use std::collections::BTreeSet;

use crate::tree::Tree;

use super::finding::Finding;

const CRATE: &str = "crates/temper-strategy/src/";
const REGISTRY: &str = "registry.rs";

/// Finds the files with an `ENTRY` that the registry doesn't name, and the names without a file.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let registry_path = format!("{CRATE}{REGISTRY}");
    let Some(registry) = tree.files.get(&registry_path) else {
        return Vec::new();
    };
    let modules: BTreeSet<String> = tree.sources().filter_map(|(path, _)| module(path)).collect();

    let mut findings = Vec::new();
    let mut listed = BTreeSet::new();
    for (line, name) in names(registry) {
        match resolve(name, &modules) {
            Some(module) => drop(listed.insert(module)),
            None => {
                let message = format!("`{name}::ENTRY` has no file");
                findings.push(Finding::error(&registry_path, line, message));
            }
        }
    }
    for (path, text) in tree.sources() {
        let (Some(module), Some(line)) = (module(path), entry_line(text)) else {
            continue;
        };
        if !listed.contains(&module) {
            let message = format!("add `{module}::ENTRY` to {REGISTRY}");
            findings.push(Finding::error(path, line, message));
        }
    }
    findings
}

/// The module of a file that may hold an entry: those beside the registry, and the pruners.
fn module(path: &str) -> Option<String> {
    let name = path.strip_prefix(CRATE)?.strip_suffix(".rs")?;
    let is_beside = !name.strip_prefix("prune/").unwrap_or(name).contains('/');
    let is_entry = is_beside && !["lib", "registry"].contains(&name);
    is_entry.then(|| name.replace('/', "::"))
}

/// The module of an entry's name: that very path, or else the only sense that an import gives it.
fn resolve<'a>(name: &str, modules: &'a BTreeSet<String>) -> Option<&'a String> {
    let imported = || modules.iter().find(|module| module.ends_with(&format!("::{name}")));
    modules.get(name).or_else(imported)
}

/// The line of a file's entry.
fn entry_line(text: &str) -> Option<usize> {
    let place = code_lines(text).find(|(_, code)| code.contains("const ENTRY"));
    place.map(|(line, _)| line)
}

/// The modules whose `ENTRY` the registry names, with their lines.
fn names(registry: &str) -> impl Iterator<Item = (usize, &str)> {
    code_lines(registry).flat_map(|(line, code)| {
        let before = code.match_indices("::ENTRY").map(|(end, _)| &code[..end]);
        before.map(move |before| {
            let is_path = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
            let path = before.rsplit(|letter| !is_path(letter)).next().unwrap_or(before);
            (line, path.strip_prefix("crate::").unwrap_or(path))
        })
    })
}

/// The lines that are no comments, numbered from 1.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    numbered.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

#[cfg(test)]
mod tests {
    use super::super::finding::lines;
    use super::*;

    const ENTRY: &str = "//! One.\npub(crate) const ENTRY: Entry = Entry {};";

    fn findings(registry: &str) -> Vec<String> {
        lines(&check(&Tree::of(&[
            ("crates/temper-strategy/src/asha.rs", ENTRY),
            ("crates/temper-strategy/src/grid.rs", ENTRY),
            ("crates/temper-strategy/src/grid/axes.rs", ENTRY),
            ("crates/temper-strategy/src/lib.rs", "//! const ENTRY"),
            ("crates/temper-strategy/src/prune/asha.rs", ENTRY),
            ("crates/temper-strategy/src/registry.rs", registry),
        ])))
    }

    #[test]
    fn a_complete_registry_has_no_findings() {
        let registry = "[asha::ENTRY, crate::grid::ENTRY]\n[prune::asha::ENTRY]";
        assert_eq!(findings(registry), [""; 0]);
    }

    #[test]
    fn a_file_that_is_not_listed_and_a_name_without_a_file_are_found() {
        let registry = "// grid::ENTRY\n[asha::ENTRY, prune::asha::ENTRY,\n    lost::ENTRY]";
        let expected = [
            "crates/temper-strategy/src/registry.rs:3: error: `lost::ENTRY` has no file",
            "crates/temper-strategy/src/grid.rs:2: error: add `grid::ENTRY` to registry.rs",
        ];
        assert_eq!(findings(registry), expected);
    }

    #[test]
    fn a_pruner_of_the_same_name_as_a_strategy_needs_its_own_line() {
        let [finding] = &findings("[asha::ENTRY, grid::ENTRY]")[..] else { panic!("one finding") };
        assert!(finding.ends_with("add `prune::asha::ENTRY` to registry.rs"), "{finding}");
    }
}
