//! Metrics as lines of JSON.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The file, open at its end.
pub(super) struct Metrics {
    path: PathBuf,
    file: File,
}

/// What all lines have.
#[derive(Deserialize)]
struct Line {
    step: u64,
}

/// Where the metrics of a run are in its folder.
pub(super) fn path(folder: &Path) -> PathBuf {
    folder.join("metrics.jsonl")
}

impl Metrics {
    /// Opens the file, without the lines of steps after `step` and one that was torn.
    pub(super) fn open(folder: &Path, step: u64) -> io::Result<Self> {
        let path = path(folder);
        let mut options = OpenOptions::new();
        let file = options.create(true).append(true).open(&path).map_err(named(&path))?;
        let length = kept(&fs::read(&path).map_err(named(&path))?, step);
        file.set_len(length as u64).map_err(named(&path))?;
        Ok(Self { path, file })
    }

    /// Adds a line.
    pub(super) fn write(&mut self, report: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(report)?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(named(&self.path))
    }
}

/// The same error with the name of the file.
pub(super) fn named(path: &Path) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("`{}`: {error}", path.display()))
}

/// How many bytes, from the start, are whole lines of steps up to `step`.
fn kept(bytes: &[u8], step: u64) -> usize {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let is_kept = |line: &&[u8]| {
        let read = serde_json::from_slice::<Line>(line);
        line.ends_with(b"\n") && read.is_ok_and(|line| line.step <= step)
    };
    lines.take_while(is_kept).map(<[u8]>::len).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_lines_and_a_torn_one_are_cut_and_the_next_is_appended() {
        let folder = tempfile::tempdir().unwrap();
        let text = |end: &str| format!("{{\"step\":10,\"a\":1}}\n{{\"step\":20,\"a\":2}}\n{end}");
        for (end, step, kept) in [
            ("{\"step\":30,\"a\":3}\n", 20, 2),
            ("{\"step\":30,\"a\":3}\n", 29, 2),
            ("{\"step\":30,\"a\":3}\n", 30, 3),
            ("{\"step\":30,\"a\"", 30, 2),
            ("{\"step\":30,\"a\":3}", 30, 2),
            ("", 10, 1),
            ("", 0, 0),
        ] {
            fs::write(path(folder.path()), text(end)).unwrap();
            let mut metrics = Metrics::open(folder.path(), step).unwrap();
            metrics.write(&serde_json::json!({"step": 40})).unwrap();
            let whole = text(end);
            let mut expected: Vec<&str> = whole.lines().take(kept).collect();
            expected.push("{\"step\":40}");
            let written = fs::read_to_string(path(folder.path())).unwrap();
            assert_eq!(written.lines().collect::<Vec<_>>(), expected);
        }
    }
}
