//! Whose checkpoints a study keeps.

use std::collections::BTreeSet;

use temper_core::{History, Objective, Trial, TrialId};

use crate::Study;

/// The trials whose checkpoints may yet be needed: those that may go on (they run, wait or are
/// paused), those that one of these forked from, and those that are the best so far: with several
/// goals the whole Pareto front. All others can go.
#[must_use]
pub fn needed_checkpoints(history: &History) -> BTreeSet<TrialId> {
    let open = || history.trials().iter().filter(|trial| !trial.state().is_final());
    let best = history.best().into_iter().chain(history.front());
    let whole = open().chain(best).map(Trial::id);
    whole.chain(open().filter_map(|trial| Some(trial.fork()?.from))).collect()
}

impl Study {
    /// Lets the objective remove the checkpoints that are no longer needed. What it can't remove is
    /// told once, and it is asked for it again after the next trial.
    pub(crate) fn discard_checkpoints(&self, objective: &dyn Objective) {
        if !objective.has_checkpoints() {
            return;
        }
        // Trials report while files are removed.
        let unneeded: Vec<TrialId> = {
            let ledger = self.ledger();
            let needed = needed_checkpoints(ledger.history());
            let all = ledger.history().trials().iter().map(Trial::id);
            let discarded = self.discarded();
            all.filter(|id| !needed.contains(id) && !discarded.contains(id)).collect()
        };
        for trial in unneeded {
            match objective.discard(trial) {
                Ok(()) => drop(self.discarded().insert(trial)),
                Err(error) => self.ledger().tell_kept(trial, &error),
            }
        }
    }
}
