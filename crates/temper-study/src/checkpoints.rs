//! Whose checkpoints a study keeps.

use std::collections::BTreeSet;

use temper_core::{Confirmation, History, Objective, Trial, TrialId};
use temper_space::Space;

use crate::Study;

/// The trials whose checkpoints may yet be needed: those that may go on (they run, wait or are
/// paused), those that one of these forked from, and those that are the best so far: with several
/// goals the whole Pareto front, and in a study that confirms its best those that may win or have
/// won. A trial whose configuration is to run again is needed until that is over, for by its mean it
/// may be the best, and until then it takes nobody's place. All others can go.
#[must_use]
pub fn needed_checkpoints(history: &History) -> BTreeSet<TrialId> {
    let open = || history.trials().iter().filter(|trial| !trial.state().is_final());
    let settled = history.settled();
    let best = settled.best().into_iter().chain(settled.front());
    open()
        .chain(best)
        .chain(history.unsettled())
        .map(Trial::id)
        .chain(open().filter_map(|trial| Some(trial.fork()?.from)))
        .chain(confirmed(history))
        .collect()
}

/// The trials that stand for those that are confirmed, if any are.
fn confirmed(history: &History) -> Vec<TrialId> {
    let setup = history.setup().filter(|setup| setup.confirm.is_some());
    // A setup in a log was checked when it was written.
    let space = setup.and_then(|setup| Space::new(&setup.space, &setup.require).ok());
    space.map_or_else(Vec::new, |space| Confirmation::models(&space, history))
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
