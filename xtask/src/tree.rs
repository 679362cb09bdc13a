//! The workspace's own sources and manifests, held in memory.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use crate::manifest::Manifest;

/// The folders of the workspace that hold sources.
const FOLDERS: [&str; 5] = ["benches", "crates", "examples", "tests", "xtask"];

/// The sources and manifests of the workspace.
#[derive(Debug)]
pub(crate) struct Tree {
    /// The text of each `.rs` and `Cargo.toml`, by its path from the workspace's root, with `/`.
    pub(crate) files: BTreeMap<String, String>,
    /// The packages, in the order of their paths.
    pub(crate) manifests: Vec<Manifest>,
}

impl Tree {
    /// Reads the tree from the current folder, which is the workspace's root.
    ///
    /// # Errors
    ///
    /// If a file can't be read, or a manifest is not one.
    pub(crate) fn read() -> io::Result<Self> {
        let mut files = BTreeMap::new();
        for folder in FOLDERS.iter().filter(|folder| Path::new(folder).is_dir()) {
            collect(folder, &mut files)?;
        }
        Self::new(files)
    }

    fn new(files: BTreeMap<String, String>) -> io::Result<Self> {
        let manifests = files
            .iter()
            .filter(|(path, _)| path.ends_with(".toml"))
            .map(|(path, text)| Manifest::parse(path, text))
            .collect::<io::Result<_>>()?;
        Ok(Self { files, manifests })
    }

    /// The Rust sources: path and text.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        let files = self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        files.filter(|(path, _)| path.ends_with(".rs"))
    }

    /// A tree of these files.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let owned = |&(path, text): &(&str, &str)| (path.to_owned(), text.to_owned());
        Self::new(files.iter().map(owned).collect()).expect("a test's manifests are valid")
    }
}

/// The last part of a path of the tree.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Reads the sources and manifests of a folder and of those in it.
fn collect(folder: &str, files: &mut BTreeMap<String, String>) -> io::Result<()> {
    for entry in fs::read_dir(folder).map_err(|error| at(folder, &error))? {
        let entry = entry.map_err(|error| at(folder, &error))?;
        let kind = entry.file_type().map_err(|error| at(folder, &error))?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let path = format!("{folder}/{name}");
        if kind.is_dir() && name != "target" && !name.starts_with('.') {
            collect(&path, files)?;
        } else if kind.is_file() && (name == "Cargo.toml" || name.ends_with(".rs")) {
            let text = fs::read_to_string(&path).map_err(|error| at(&path, &error))?;
            files.insert(path, text);
        }
    }
    Ok(())
}

/// The same error, which says where.
fn at(path: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{path}: {error}"))
}
