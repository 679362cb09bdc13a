//! Paused trials that nobody will promote.

use temper_core::{
    Event, History, Lease, Outcome, State, Storage, Trial, TrialId, Verdict, WorkerId,
};

use crate::StudyError;
use crate::ledger::AppendError;

/// Who gives up: no worker has this name.
const CLEANER: &str = "clean";

/// Whether a trial that this worker continues is given up, which nobody has proposed.
pub(crate) fn gives_up(worker: &WorkerId) -> bool {
    worker.as_str() == CLEANER
}

/// Ends the paused trials of a study that is over, for this reason, so that their checkpoints can go;
/// returns which they were, none if a trial runs or waits. Each is continued, judged and
/// finished as any other: what is in the log is what has happened to it.
///
/// # Errors
///
/// The log can't be read or written, or another process writes to it meanwhile.
pub fn give_up_paused(
    storage: &mut dyn Storage,
    history: &mut History,
    reason: &str,
) -> Result<Vec<TrialId>, StudyError> {
    let is_under_way = |trial: &Trial| trial.state().is_under_way();
    if history.trials().iter().any(is_under_way) {
        return Ok(Vec::new());
    }
    let paused: Vec<TrialId> = history.in_state(State::Paused).map(Trial::id).collect();
    for trial in &paused {
        give_up(storage, history, *trial, reason)?;
    }
    Ok(paused)
}

fn give_up(
    storage: &mut dyn Storage,
    history: &mut History,
    id: TrialId,
    reason: &str,
) -> Result<(), StudyError> {
    let trial = history.trial(id).expect("it is paused");
    let step = trial.last_step();
    let worker = WorkerId::new(CLEANER);
    let lease = Lease(history.len());
    let seen = Some(history.len());
    let reason = reason.to_owned();
    let (until, seconds) = (trial.until(), 0.0);
    for event in [
        Event::Continued { trial: id, seen, worker, until, note: None },
        Event::Judged { trial: id, lease, step, verdict: Verdict::Stop, reason },
        Event::Finished { trial: id, lease, outcome: Outcome::Pruned, seconds, peak_memory: None },
    ] {
        append(storage, history, &event)?;
    }
    Ok(())
}

fn append(
    storage: &mut dyn Storage,
    history: &mut History,
    event: &Event,
) -> Result<(), StudyError> {
    let mut apply = || -> Result<(), AppendError> {
        history.check(event)?;
        storage.append(history.len(), event)?;
        Ok(history.apply(event)?)
    };
    Ok(apply()?)
}
