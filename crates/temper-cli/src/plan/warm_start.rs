//! Earlier studies whose trials are taken over: `[warm_start]`.

use std::fs;
use std::path::Path;

use miette::Result;
use temper_core::{History, Storage, StorageError};
use temper_storage::SqliteStorage;
use temper_study::{WarmStart, WarmStartError};

use crate::mistake::Mistake;

use super::Plan;

impl Plan {
    /// What can be taken over from the earlier studies; nothing once trials of this one have begun.
    pub(crate) fn warm_starts(&self) -> Result<Vec<WarmStart>> {
        for (index, path) in self.warm_start.iter().enumerate() {
            self.check_other(index, path)?;
        }
        if self.warm_start.is_empty() || (self.storage.exists() && self.history()?.tried() > 0) {
            return Ok(Vec::new());
        }
        let starts = (0..).zip(&self.warm_start).map(|(index, path)| self.warm_start(index, path));
        Ok(starts.collect::<Result<_, _>>()?)
    }

    /// A study can't begin with what itself has found.
    fn check_other(&self, index: usize, path: &Path) -> Result<(), Mistake> {
        let real = |path: &Path| fs::canonicalize(path).ok();
        let full = real(&self.document.folder().join(path));
        if full.is_none() || full != real(&self.storage) {
            return Ok(());
        }
        let message = format!("`{}` is where this study itself is recorded", path.display());
        Err(self.warm_start_mistake(index, message, Some("name the log of another study")))
    }

    fn warm_start_mistake(&self, index: usize, message: String, help: Option<&str>) -> Mistake {
        let index = index.to_string();
        self.document
            .mistake(&["warm_start", "from", &index], message)
            .help(help.map(str::to_owned))
    }

    fn warm_start(&self, index: usize, path: &Path) -> Result<WarmStart, Mistake> {
        let mistake = |message, help| self.warm_start_mistake(index, message, help);
        let full = self.document.folder().join(path);
        let events = SqliteStorage::open_existing(&full).and_then(|mut storage| storage.read(0));
        let events = events.map_err(|error| match error {
            StorageError::Missing { .. } => mistake(
                format!("there is no study `{}`", path.display()),
                Some("paths start from the study file's folder"),
            ),
            error => mistake(error.to_string(), None),
        })?;
        let mut earlier = History::new();
        for event in &events {
            earlier.apply(event).map_err(|error| {
                mistake(format!("the log `{}` is inconsistent: {error}", path.display()), None)
            })?;
        }
        let source = path.display().to_string();
        WarmStart::new(&source, &earlier, &self.setup, &self.space).map_err(|error| {
            let help = match error {
                WarmStartError::OtherGoals { .. } => "leave it out, or give this study those goals",
                WarmStartError::Empty { .. } => "leave it out",
            };
            mistake(error.to_string(), Some(help))
        })
    }
}

/// What is taken over, and what is not and why, in one line.
pub(crate) fn describe(starts: &[WarmStart]) -> String {
    let taken: usize = starts.iter().map(WarmStart::len).sum();
    let mut reasons = std::collections::BTreeMap::<&str, u64>::new();
    for (reason, count) in starts.iter().flat_map(WarmStart::left_out) {
        *reasons.entry(reason).or_default() += count;
    }
    let left_out: u64 = reasons.values().sum();
    let reasons: Vec<_> =
        reasons.iter().map(|(reason, count)| format!("{count}: {reason}")).collect();
    match reasons.as_slice() {
        [] => format!("warm start: {taken} earlier trials"),
        reasons => format!(
            "warm start: {taken} earlier trials; {left_out} left out ({})",
            reasons.join("; ")
        ),
    }
}
