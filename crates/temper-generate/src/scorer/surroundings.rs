//! What a scorer finds where it is made.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::{EndpointConfig, Generator, Prices};

/// What a scorer finds where it is made.
pub struct Surroundings<'a> {
    /// Where relative paths start: the folder of the study file.
    pub base_dir: PathBuf,
    /// Finds who answers for a judge.
    pub judge: &'a FindJudge<'a>,
}

/// Finds who answers for a judge, or says in one sentence why nobody does. Whether answers are stored
/// and what is spent on them is up to whom it finds.
pub type FindJudge<'a> = dyn Fn(&JudgeTarget) -> Result<Arc<dyn Generator>, String> + 'a;

/// Who is to judge, and what that costs.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgeTarget {
    /// Where the model is.
    pub endpoint: EndpointConfig,
    /// What its tokens cost, if that was said.
    pub prices: Option<Prices>,
}

impl Surroundings<'static> {
    /// Those of a folder, with nobody who could judge.
    pub fn without_judges(base_dir: impl Into<PathBuf>) -> Self {
        Self { base_dir: base_dir.into(), judge: &|_| Err("there are no judges here".into()) }
    }
}

impl Surroundings<'_> {
    /// The path that an option means.
    pub(super) fn path(&self, given: impl AsRef<Path>) -> PathBuf {
        self.base_dir.join(given)
    }
}

impl fmt::Debug for Surroundings<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Surroundings");
        debug.field("base_dir", &self.base_dir).finish_non_exhaustive()
    }
}
