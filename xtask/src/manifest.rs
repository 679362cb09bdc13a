//! What the tasks have to know of a package's `Cargo.toml`.

use std::collections::BTreeSet;
use std::io;

use toml::de::{DeTable, DeValue};

/// A package's manifest.
#[derive(Debug)]
pub(crate) struct Manifest {
    /// Its path from the workspace's root.
    pub(crate) path: String,
    /// The package's name.
    pub(crate) name: String,
    /// The line of the name.
    pub(crate) line: usize,
    /// The keys of its `[package]`, given or inherited.
    pub(crate) keys: BTreeSet<String>,
    /// All of its dependencies, in the order of the tables and names.
    pub(crate) dependencies: Vec<Dependency>,
}

/// A dependency of a package.
#[derive(Debug)]
pub(crate) struct Dependency {
    /// The name of the package on which it depends.
    pub(crate) name: String,
    /// Its line in the manifest.
    pub(crate) line: usize,
    /// Which of the builds need it.
    pub(crate) kind: DependencyKind,
}

/// Which builds need a dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DependencyKind {
    /// Every build.
    Normal,
    /// The build script.
    Build,
    /// Tests, examples and benchmarks.
    Dev,
}

const TABLES: [(&str, DependencyKind); 3] = [
    ("dependencies", DependencyKind::Normal),
    ("build-dependencies", DependencyKind::Build),
    ("dev-dependencies", DependencyKind::Dev),
];

impl Manifest {
    /// Reads the text of a manifest.
    ///
    /// # Errors
    ///
    /// If it is not TOML, or has no package with a name.
    pub(crate) fn parse(path: &str, text: &str) -> io::Result<Self> {
        let invalid =
            |what: &str| io::Error::new(io::ErrorKind::InvalidData, format!("{path}: {what}"));
        let root = DeTable::parse(text).map_err(|error| invalid(&error.to_string()))?;
        let root = root.get_ref();
        let package = table(root, "package").ok_or_else(|| invalid("no [package]"))?;
        let name = package.get("name").ok_or_else(|| invalid("its package has no name"))?;

        let mut dependencies = dependencies(root, text);
        for (_, target) in table(root, "target").into_iter().flatten() {
            if let DeValue::Table(target) = target.get_ref() {
                dependencies.extend(self::dependencies(target, text));
            }
        }
        Ok(Self {
            path: path.to_owned(),
            name: name.get_ref().as_str().unwrap_or_default().to_owned(),
            line: line(text, name.span().start),
            keys: package.keys().map(|key| key.get_ref().to_string()).collect(),
            dependencies,
        })
    }
}

/// Whether a package is burn or a part of it.
pub(crate) fn is_burn(name: &str) -> bool {
    name == "burn" || name.starts_with("burn-")
}

/// The dependencies in the tables of a manifest, or of one of its targets.
fn dependencies(parent: &DeTable<'_>, text: &str) -> Vec<Dependency> {
    let mut dependencies = Vec::new();
    for (key, kind) in TABLES {
        for (name, source) in table(parent, key).into_iter().flatten() {
            let renamed = source.get_ref().get("package").and_then(|name| name.get_ref().as_str());
            dependencies.push(Dependency {
                name: renamed.unwrap_or(name.get_ref()).to_owned(),
                line: line(text, name.span().start),
                kind,
            });
        }
    }
    dependencies
}

fn table<'a, 'text>(parent: &'a DeTable<'text>, key: &str) -> Option<&'a DeTable<'text>> {
    parent.get(key).and_then(|value| value.get_ref().as_table())
}

/// The line, from 1, of a byte of the text.
fn line(text: &str, offset: usize) -> usize {
    1 + text[..offset].matches('\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_kinds_of_dependencies_are_found_with_their_lines() {
        let text = "\
[package]
name = 'a'
license.workspace = true
[dependencies]
serde.workspace = true
short = { version = '1', package = 'long' }
[dev-dependencies]
insta = '1'
[target.'cfg(unix)'.build-dependencies]
cc = '1'
";
        let manifest = Manifest::parse("a/Cargo.toml", text).unwrap();
        assert_eq!((manifest.name.as_str(), manifest.line), ("a", 2));
        assert!(manifest.keys.contains("license"));
        let found: Vec<_> =
            manifest.dependencies.iter().map(|it| (it.name.as_str(), it.line, it.kind)).collect();
        let expected = [
            ("serde", 5, DependencyKind::Normal),
            ("long", 6, DependencyKind::Normal),
            ("insta", 8, DependencyKind::Dev),
            ("cc", 10, DependencyKind::Build),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_manifest_that_is_not_toml_is_refused_with_its_path() {
        let error = Manifest::parse("a/Cargo.toml", "[package").unwrap_err();
        assert!(error.to_string().starts_with("a/Cargo.toml: "), "{error}");
    }

    #[test]
    fn burn_is_known_by_its_name() {
        let names = ["burn", "burn-flex", "burndown", "temper-burn"];
        assert_eq!(names.map(is_burn), [true, true, false, false]);
    }
}
