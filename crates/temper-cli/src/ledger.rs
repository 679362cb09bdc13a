//! What the evaluations of a study have spent, whoever runs them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use temper_generate::{Allowance, AnswerStore, Limit};
use temper_study::{Purse, Spent};

/// The allowance of a study, and the store of answers that counts what is spent of it.
#[derive(Debug)]
pub(crate) struct Ledger {
    path: PathBuf,
    study: String,
    allowance: Allowance,
    store: OnceLock<AnswerStore>,
}

impl Ledger {
    /// The ledger of the study whose trials have their folders there, if it is bounded at all.
    pub(crate) fn of(path: &Path, trials: &Path, allowance: &Allowance) -> Option<Arc<dyn Purse>> {
        if allowance.tokens.is_none() && allowance.cost.is_none() {
            return None;
        }
        let (path, study) = (path.to_owned(), trials.display().to_string());
        let allowance = *allowance;
        Some(Arc::new(Self { path, study, allowance, store: OnceLock::new() }))
    }

    /// The store, once somebody has made it.
    fn store(&self) -> Option<&AnswerStore> {
        if self.store.get().is_none() && self.path.exists() {
            // Who asks will say what is wrong with it.
            let opened = AnswerStore::open(&self.path).ok()?;
            let _ = self.store.set(opened);
        }
        self.store.get()
    }
}

impl Purse for Ledger {
    fn spent(&self) -> Option<Spent> {
        let spent = self.store()?.spent_in(&self.study).ok()?;
        Some(match self.allowance.reached(spent)? {
            Limit::Tokens(limit) => {
                Spent::Tokens { spent: spent.tokens() as f64, limit: limit as f64 }
            }
            Limit::Cost(limit) => Spent::Cost { spent: spent.cost, limit },
        })
    }
}
